import { partitionOf, topicIdOf, tpOf } from '../../sim/history/ids.ts'
import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import { Cluster } from './cluster.ts'
import type { PartitionRules } from './partitions.ts'

/** What such a topic keeps, and the settings that brokers make it by. */
const SETTINGS = {
  offsets: {
    flag: 0,
    partitions: 'offsets.topic.num.partitions',
    replicas: 'offsets.topic.replication.factor',
  },
  transactions: {
    flag: 1,
    partitions: 'transaction.state.log.num.partitions',
    replicas: 'transaction.state.log.replication.factor',
  },
} as const

export interface Unread {
  readonly node: number
  readonly offset: number
  readonly at: number
}

/**
 * Who leads the partitions of a topic that brokers make for themselves, by the controller's word. Such a topic has an id
 * above those of the spec; which of them keeps the groups' offsets or the transactions, the first coordinator tells that
 * serves it.
 */
export class InternalTopic implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.replicasAssigned,
    M.leaderElected,
    M.isrChanged,
    M.brokerRegistered,
    M.coordinatorLoaded,
    M.corruptionFound,
  ]
  private readonly spec: WorldSpec
  /** What elections in it go by. */
  readonly rules: PartitionRules
  private readonly clusters: Map<number, Cluster> = new Map()
  /** By tp: who last met something there that cannot be read, and has not loaded it since. */
  private readonly unread: Map<number, Unread> = new Map()
  /** Its id, -1 while nothing told it. */
  private topicId = -1
  /** What `coordinator.loaded` says of it. */
  private readonly flag: number

  constructor(spec: WorldSpec, keeps: keyof typeof SETTINGS) {
    const settings = SETTINGS[keeps]
    this.spec = spec
    this.flag = settings.flag
    const { brokers, controllerConfig } = spec.cluster
    const config = brokers[0] ?? controllerConfig
    const count = config[settings.partitions] ?? 1
    // Whichever broker is asked first creates it by its own settings.
    const replicationFactor = Math.min(...brokers.map((broker) => broker[settings.replicas] ?? 1))
    const configured = controllerConfig['min.insync.replicas'] ?? 1
    const minIsr = Math.min(configured, replicationFactor)
    this.rules = {
      count,
      replicationFactors: Array.from({ length: count }, () => replicationFactor),
      configuredMinIsr: Array.from({ length: count }, () => configured),
      minIsr: Array.from({ length: count }, () => minIsr),
      firstOf: () => 0,
      // Elections count the replicas themselves.
      onAssigned: () => {},
      // `__transaction_state` is made with unclean elections forbidden.
      unclean: Array.from({ length: count }, () => {
        return keeps === 'offsets' && controllerConfig['unclean.leader.election.enable']
      }),
    }
  }

  onMoment(
    kind: number,
    time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
  ): void {
    if (kind === M.brokerRegistered) {
      for (const cluster of this.clusters.values()) cluster.onRegistered(a, c === 1)
      return
    }
    const topicId = topicIdOf(a)
    const partition = partitionOf(a)
    if (topicId <= this.spec.topics.length || partition >= this.rules.count) return
    if (kind === M.corruptionFound) this.unread.set(a, { node, offset: b, at: time })
    else if (kind === M.coordinatorLoaded) {
      if (d === this.flag) this.topicId = topicId
      if (this.unread.get(a)?.node === node) this.unread.delete(a)
    } else if (kind === M.replicasAssigned) this.clusterOf(topicId).onAssigned(partition, b, c)
    else if (kind === M.leaderElected) this.clusterOf(topicId).onElected(time, partition, b, c, d, e, f, g)
    else this.clusterOf(topicId).onIsrChanged(time, partition, b, c, d, f, g)
  }

  /** Its partitions by their index; null before any coordinator has loaded one. */
  get cluster(): Cluster | null {
    return this.clusters.get(this.topicId) ?? null
  }

  /** What keeps the leader of a partition from serving it: a record that it could not read. */
  unreadBy(leader: number, partition: number): Unread | null {
    const unread = this.unread.get(tpOf(this.topicId, partition))
    return unread?.node === leader ? unread : null
  }

  /** Whether a partition is one of it. */
  includes(tp: number): boolean {
    return topicIdOf(tp) === this.topicId
  }

  /** With fewer brokers than replicas the controller answers INVALID_REPLICATION_FACTOR. */
  get canBe(): boolean {
    return (this.rules.replicationFactors[0] ?? 1) <= this.spec.cluster.brokers.length
  }

  private clusterOf(topicId: number): Cluster {
    const known = this.clusters.get(topicId)
    if (known !== undefined) return known
    const cluster = new Cluster(this.spec, this.rules)
    this.clusters.set(topicId, cluster)
    return cluster
  }
}
