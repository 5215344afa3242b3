import type { Consumption } from '../shadow/consumption.ts'

/**
 * By which way things come. What a record becomes at several processors, or in several outputs of one, are different
 * things, and none of them is promised before another. A record that is passed on alone, as the only output that the only
 * processor of its topic makes of it, is still that record: one that went by a retry topic, and one that went straight,
 * have come the same way as soon as they are in one topic.
 */
export class Ways {
  private readonly consumption: Consumption | null
  /** By partition: whether what comes of its records comes of one processor. */
  private readonly hasOneMaker: readonly boolean[]

  constructor(consumption: Consumption | null) {
    this.consumption = consumption
    this.hasOneMaker = consumption === null ? [] : onesWithOneMaker(consumption)
  }

  /**
   * The way of a record to where it lies or was read: a number from 0 is a way of its own; below 0 stands a topic, for all
   * that were passed on alone and are there.
   */
  of(record: number, partition: number): number {
    if (this.consumption === null) return 0
    const { lineage, shadow } = this.consumption
    const item = lineage.itemOf(record)
    if (lineage.isRoot(record) || partition < 0 || !this.isPassedOn(record)) return lineage.pathOf.at(item)
    return -1 - (shadow.partitions.topicIds[partition] ?? 0)
  }

  /** The partitions in which a record lay between its root's and its own, as it came. */
  stations(record: number): readonly number[] {
    if (this.consumption === null) return []
    const { lineage } = this.consumption
    const stations: number[] = []
    for (let at = record; !lineage.isRoot(at); at = lineage.inputOfRecord(at))
      stations.unshift(lineage.inputPartitionOf(at))
    return stations.slice(1)
  }

  /** Whether it was passed on alone all the way from its root. */
  private isPassedOn(record: number): boolean {
    const { lineage } = this.consumption as Consumption
    let at = record
    while (!lineage.isRoot(at) && this.isOnlyOutput(at)) at = lineage.inputOfRecord(at)
    return lineage.isRoot(at)
  }

  private isOnlyOutput(record: number): boolean {
    const { lineage, applications } = this.consumption as Consumption
    if (this.hasOneMaker[lineage.inputPartitionOf(record)] !== true || lineage.indexOf(record) !== 0) return false
    const reader = lineage.readerOf(record)
    const { outputs: known } = applications.reader(reader)
    if (known !== 'told') return known === 1
    // One that told of none when it did the work again made one before.
    const told = lineage.toldOutputs(lineage.itemOf(lineage.inputOfRecord(record)), reader)
    return told === 0 || told === 1
  }
}

function onesWithOneMaker({ applications, shadow }: Consumption): readonly boolean[] {
  const makers = applications.readers.filter(({ kind }) => kind === 'processor')
  return shadow.partitions.names.map(
    (_, partition) => makers.filter(({ reads }) => reads[partition] === true).length === 1,
  )
}
