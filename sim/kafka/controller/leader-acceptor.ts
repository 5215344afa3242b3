import type { ClusterControlManager } from './cluster-control.ts'
import { NO_LEADER } from './partition-registration.ts'

/**
 * Which brokers may lead (`LeaderAcceptor`): the active ones, as they will be once the change being prepared is committed.
 * While the records of a fencing or unfencing are made, the registrations still show the state before.
 */
export class LeaderAcceptor {
  private readonly cluster: ClusterControlManager
  private readonly leaving: number
  private readonly joining: number

  constructor(cluster: ClusterControlManager, leaving: number = NO_LEADER, joining: number = NO_LEADER) {
    this.cluster = cluster
    this.leaving = leaving
    this.joining = joining
  }

  /** Whether the broker may lead the partition: also its log directory must be in order. */
  accepts(broker: number, tp: number): boolean {
    if (broker === NO_LEADER || broker === this.leaving || !this.cluster.hasOnlineDir(broker, tp)) return false
    return broker === this.joining || this.cluster.isActive(broker)
  }
}
