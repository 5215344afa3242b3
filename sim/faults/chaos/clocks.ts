import type { Stream } from '../../kernel/stream.ts'
import { DAY, HOUR, MILLISECOND, MINUTE, SECOND } from '../../kernel/time.ts'
import type { Action } from '../plan.ts'
import { range } from './pick.ts'
import type { Topology } from './topology.ts'
import { drawVictim } from './victims.ts'

/** How far clocks jump, from what nobody notices to what outlives every expiry that is counted in hours. */
const JUMPS = [SECOND, MINUTE, HOUR, DAY, 8 * DAY] as const

/** A wall clock that is set, or that is fast or slow; null when there is nobody with one. */
export function drawClock(kind: 'clock-jump' | 'clock-skew', topology: Topology, stream: Stream): Action | null {
  const target = drawVictim(topology, { controllers: true, clients: true, stores: true }, stream)
  if (target === null) return null
  const most = kind === 'clock-skew' ? 500 * MILLISECOND : stream.pick(JUMPS)
  const by = range(stream, Math.floor(most / 10), most)
  return { kind, target, byUs: stream.chance(1, 2) ? by : -by }
}
