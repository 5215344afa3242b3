import { ms } from '../../kernel/time.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import type { ClusterProfile } from '../protocol/profile.ts'

/** A voter's patience, in microseconds (`QuorumConfig`). */
export interface QuorumTimes {
  /** Waits are drawn from [one, two) of it. */
  readonly electionTimeout: number
  readonly fetchTimeout: number
  readonly electionBackoffMax: number
  readonly requestTimeout: number
}

/** Rules of leaders that a profile may have as they were. */
export interface QuorumRules {
  /** KAFKA-15489: a leader that no majority fetches from resigns. */
  readonly checksQuorum: boolean
  /** KAFKA-10527: who led before a restart comes back resigned. */
  readonly restartsResigned: boolean
}

export interface VoterOptions {
  readonly self: number
  /** All of them, the first leading when the run begins. */
  readonly voters: readonly number[]
  readonly times: QuorumTimes
  readonly rules: QuorumRules
  /** Tells the processes of a world apart that append. */
  readonly author: number
  /** The quorum stands when the run begins. */
  readonly formed: boolean
}

/** Who runs on the metadata log. */
export interface VoterListener {
  /** The log is committed up to its high watermark. */
  onCommitted(): void
  /** The voter leads no more; what it appended and is not committed may never be. */
  onLeadershipLost(): void
  /** The process cannot go on. */
  onFatal(message: string): void
}

export function quorumTimes(config: BrokerConfig): QuorumTimes {
  return {
    electionTimeout: ms(config['controller.quorum.election.timeout.ms']),
    fetchTimeout: ms(config['controller.quorum.fetch.timeout.ms']),
    electionBackoffMax: ms(config['controller.quorum.election.backoff.max.ms']),
    requestTimeout: ms(config['controller.quorum.request.timeout.ms']),
  }
}

/** The rules of a profile. */
export function quorumRules(profile: ClusterProfile): QuorumRules {
  return {
    checksQuorum: profile['quorum.leader.cut-off'] === 'resigns',
    restartsResigned: profile['quorum.leader.restarted'] === 'resigned',
  }
}
