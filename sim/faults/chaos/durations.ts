import type { Stream } from '../../kernel/stream.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { only, pickWeighted, range } from './pick.ts'
import type { Topology } from './topology.ts'
import { WEIGHTS } from './weights.ts'

/**
 * How long a fault lasts, in microseconds; null = until healing. Lengths come in families around the time-outs that decide
 * what the system does about a fault: just below one nothing may be noticed, just above it something changes.
 */
export function drawDuration(topology: Topology, stream: Stream): number | null {
  const { memberSessionUs } = topology
  const families = only(
    WEIGHTS.duration,
    (name) => memberSessionUs > 0 || (name !== 'belowMemberSession' && name !== 'aboveMemberSession'),
  )
  switch (pickWeighted(stream, families)) {
    case 'short':
      return range(stream, 50 * MILLISECOND, 3 * SECOND)
    case 'belowSession':
      return below(topology.sessionUs, stream)
    case 'aboveSession':
      return aboveSession(topology, stream)
    case 'belowRequestTimeout':
      return below(topology.requestTimeoutUs, stream)
    case 'aboveRequestTimeout':
      return above(topology.requestTimeoutUs, stream)
    case 'belowLag':
      return below(topology.lagUs, stream)
    case 'aboveLag':
      // The check runs every half `replica.lag.time.max.ms`: a follower may stay in the in-sync set for one and a half.
      return range(stream, topology.lagUs, topology.lagUs * 2)
    case 'untilHealing':
      return null
    case 'belowMemberSession':
      return below(memberSessionUs, stream)
    case 'aboveMemberSession':
      return above(memberSessionUs, stream)
  }
}

/** Longer than a broker's session: fenced brokers come back. Fencing takes up to an eighth of the session longer. */
export function aboveSession(topology: Topology, stream: Stream): number {
  return range(stream, topology.sessionUs, topology.sessionUs + Math.floor(topology.sessionUs / 2))
}

function below(timeoutUs: number, stream: Stream): number {
  return range(stream, Math.floor(timeoutUs * 0.75), timeoutUs)
}

export function above(timeoutUs: number, stream: Stream): number {
  return range(stream, timeoutUs, Math.floor(timeoutUs * 1.25))
}
