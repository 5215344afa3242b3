import { tpOf } from '../../sim/history/ids.ts'
import { isCompacted } from '../../sim/kafka/log/cleanup-policy.ts'
import { mostPartitionsOf } from '../../sim/layout.ts'
import { seconds } from '../words.ts'
import type { WorldSpec } from '../../sim/spec.ts'

/** What partitions are promised, by their number. */
export type PartitionRules = Pick<
  Partitions,
  'count' | 'replicationFactors' | 'configuredMinIsr' | 'minIsr' | 'unclean' | 'firstOf' | 'onAssigned'
>

/** The partitions of a world, numbered from 0, so that what is kept per partition lies in plain arrays. */
export class Partitions {
  readonly count: number
  readonly tps: readonly number[]
  readonly names: readonly string[]
  /** Topic ids count from 1. */
  readonly topicIds: readonly number[]
  /** As the spec has them; reassignments make others of them. */
  readonly replicationFactors: readonly number[]
  /** How many replicas there are, by the controller's word. */
  readonly replicaCounts: number[]
  /** The topics' `min.insync.replicas`. */
  readonly configuredMinIsr: number[]
  /** `Partition.effectiveMinIsr`: never more than there are replicas, by the controller's word. */
  readonly minIsr: number[]
  /** Whether unclean elections are allowed. */
  readonly unclean: boolean[]
  /** Whether each replica thins its log by itself, or comes to do so. */
  readonly compacted: readonly boolean[]
  /** When an operator deleted the topic, -1 while it is there: what is known of its partitions stays as it was then. */
  readonly goneAt: Float64Array
  private readonly first: Int32Array
  private readonly sizeOf: Int32Array

  constructor(spec: WorldSpec) {
    const { topics } = spec
    this.first = new Int32Array(topics.length + 1)
    this.sizeOf = new Int32Array(topics.length + 1)
    let count = 0
    topics.forEach((topic, index) => {
      this.first[index + 1] = count
      this.sizeOf[index + 1] = mostPartitionsOf(topic)
      count += mostPartitionsOf(topic)
    })
    this.count = count
    const rows = topics.flatMap((topic, index) =>
      Array.from({ length: mostPartitionsOf(topic) }, (_, partition) => ({ topic, topicId: index + 1, partition })),
    )
    this.tps = rows.map((row) => tpOf(row.topicId, row.partition))
    const isAgain = (row: (typeof rows)[number]): boolean =>
      topics.findIndex(({ name }) => name === row.topic.name) < row.topicId - 1
    this.names = rows.map((row) => `${row.topic.name}-${row.partition}${isAgain(row) ? ' (made again)' : ''}`)
    this.topicIds = rows.map((row) => row.topicId)
    this.replicationFactors = rows.map((row) => row.topic.replicationFactor)
    this.replicaCounts = [...this.replicationFactors]
    this.configuredMinIsr = rows.map((row) => row.topic.config['min.insync.replicas'])
    this.minIsr = rows.map((row) => Math.min(row.topic.config['min.insync.replicas'], row.topic.replicationFactor))
    this.unclean = rows.map((row) => row.topic.config['unclean.leader.election.enable'])
    this.goneAt = new Float64Array(count).fill(-1)
    this.compacted = rows.map(({ topic }) => isCompacted(topic.config) || topic.everCompacted === true)
  }

  /** The same partitions for one run, in which operators may alter what they promise. */
  ofRun(): Partitions {
    return Object.assign(Object.create(Partitions.prototype) as Partitions, this, {
      replicaCounts: [...this.replicaCounts],
      configuredMinIsr: [...this.configuredMinIsr],
      minIsr: [...this.minIsr],
      unclean: [...this.unclean],
      goneAt: new Float64Array(this.count).fill(-1),
    })
  }

  /** A topic was deleted, by the controller's word (`topic.deleted`). */
  onDeleted(time: number, topicId: number): void {
    this.topicIds.forEach((each, partition) => {
      if (each === topicId) this.goneAt[partition] = time
    })
  }

  isGone(partition: number): boolean {
    return (this.goneAt[partition] as number) >= 0
  }

  /** That the partition's topic was deleted, in words; null while it is there. */
  tellGone(partition: number): string | null {
    if (partition < 0 || !this.isGone(partition)) return null
    return `the topic of ${this.names[partition]} was deleted at ${seconds(this.goneAt[partition] as number)}`
  }

  /** A topic has other settings by the controller's word (`config.committed`). Returns the partitions with another min ISR. */
  onConfigured(topicId: number, minIsr: number, unclean: boolean): readonly number[] {
    const altered: number[] = []
    this.topicIds.forEach((each, partition) => {
      if (each !== topicId) return
      this.unclean[partition] = unclean
      this.configuredMinIsr[partition] = minIsr
      const effective = Math.min(minIsr, this.replicaCounts[partition] as number)
      if (this.minIsr[partition] !== effective) altered.push(partition)
      this.minIsr[partition] = effective
    })
    return altered
  }

  /** The first partition of the same topic. */
  firstOf(partition: number): number {
    return this.first[this.topicIds[partition] as number] as number
  }

  /** A partition has so many replicas. */
  onAssigned(partition: number, replicas: number): void {
    this.replicaCounts[partition] = replicas
    this.minIsr[partition] = Math.min(this.configuredMinIsr[partition] as number, replicas)
  }

  /** The partition's number, or -1 for one that the spec does not declare. */
  indexOf(tp: number): number {
    const topicId = tp >>> 16
    const partition = tp & 0xffff
    if (topicId >= this.sizeOf.length || partition >= (this.sizeOf[topicId] as number)) return -1
    return (this.first[topicId] as number) + partition
  }
}
