import { partitionOf, topicIdOf } from '../../sim/history/ids.ts'
import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import { Cluster } from './cluster.ts'
import type { PartitionRules } from './partitions.ts'

/**
 * Who leads the partitions of the topics that brokers make for themselves, by the controller's word. Such a topic has an id
 * above those of the spec; which of them keeps the groups' offsets, the first coordinator tells that serves it.
 */
export class InternalTopics implements MomentObserver {
  readonly kinds: readonly number[] = [M.leaderElected, M.isrChanged, M.brokerRegistered, M.coordinatorLoaded]
  private readonly spec: WorldSpec
  /** What elections in `__consumer_offsets` go by. */
  readonly rules: PartitionRules
  private readonly clusters: Map<number, Cluster> = new Map()
  /** Id of `__consumer_offsets`, -1 while nothing told it. */
  private offsetsTopic = -1

  constructor(spec: WorldSpec) {
    this.spec = spec
    const { brokers, controllerConfig } = spec.cluster
    const config = brokers[0] ?? controllerConfig
    const count = config['offsets.topic.num.partitions'] ?? 1
    // Whichever broker is asked first creates it by its own settings.
    const replicationFactor = Math.min(...brokers.map((broker) => broker['offsets.topic.replication.factor'] ?? 1))
    const minIsr = Math.min(controllerConfig['min.insync.replicas'] ?? 1, replicationFactor)
    this.rules = {
      count,
      replicationFactors: Array.from({ length: count }, () => replicationFactor),
      minIsr: Array.from({ length: count }, () => minIsr),
      unclean: Array.from({ length: count }, () => controllerConfig['unclean.leader.election.enable']),
    }
  }

  onMoment(
    kind: number,
    time: number,
    _node: number,
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
    if (kind === M.coordinatorLoaded) {
      if (d === 0) this.offsetsTopic = topicId
    } else if (kind === M.leaderElected) this.clusterOf(topicId).onElected(time, partition, b, c, d, e, f, g)
    else this.clusterOf(topicId).onIsrChanged(time, partition, b, c, d, f, g)
  }

  /** The partitions of `__consumer_offsets` by their index; null before any coordinator has loaded one. */
  get offsets(): Cluster | null {
    return this.clusters.get(this.offsetsTopic) ?? null
  }

  /** Whether it is a partition of `__consumer_offsets`. */
  keepsOffsets(tp: number): boolean {
    return topicIdOf(tp) === this.offsetsTopic
  }

  /** With fewer brokers than replicas the controller answers INVALID_REPLICATION_FACTOR. */
  get canHoldOffsets(): boolean {
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
