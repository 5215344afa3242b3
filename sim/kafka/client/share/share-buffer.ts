import { tpOf } from '../../../history/ids.ts'
import type { ShareFetchPartitionResponse } from '../../protocol/share-messages.ts'
import { AcknowledgeType, type AcknowledgeTypeId } from '../../share/record-state.ts'
import { ConsumedRecord } from '../consumer/completed-fetch.ts'
import { type Acknowledged, type AcknowledgedByTp, addAcknowledgements } from './acknowledgements.ts'

/** Records of one partition that one broker has given to the member (`ShareInFlightBatch`). */
interface ShareBatch {
  readonly node: number
  readonly tp: number
  records: readonly ConsumedRecord[]
  /** Offsets at which there is nothing for the application: they are acknowledged with the first records. */
  gaps: readonly number[]
}

/** `ShareFetchBuffer`: what fetches brought waits here until poll() returns it. Its locks run meanwhile. */
export class ShareBuffer {
  private batches: ShareBatch[] = []

  get isEmpty(): boolean {
    return this.batches.length === 0
  }

  add(node: number, response: ShareFetchPartitionResponse): void {
    const { topicId, partition, records, acquiredRecords } = response
    const tp = tpOf(topicId, partition)
    const found: ConsumedRecord[] = []
    const gaps: number[] = []
    for (const { firstOffset, lastOffset } of acquiredRecords) {
      for (let offset = firstOffset; offset <= lastOffset; offset++) {
        const entry = records.find((one) => one.baseOffset <= offset && offset <= one.lastOffset)
        const record = entry?.batch.marker === null ? entry.batch.records[offset - entry.baseOffset] : undefined
        const isCleaned = entry?.kept?.includes(offset - entry.baseOffset) === false
        if (record === undefined || entry === undefined || isCleaned) gaps.push(offset)
        else found.push(new ConsumedRecord(record, tp, offset, entry.leaderEpoch))
      }
    }
    if (found.length + gaps.length > 0) this.batches.push({ node, tp, records: found, gaps })
  }

  /** Takes up to so many records out; they are in `hand` from now on. */
  take(max: number, hand: ShareHand): readonly ConsumedRecord[] {
    const records: ConsumedRecord[] = []
    while (records.length < max) {
      const [batch] = this.batches
      if (batch === undefined) break
      const taken = batch.records.slice(0, max - records.length)
      hand.take(batch.node, batch.tp, taken, batch.gaps)
      batch.gaps = []
      batch.records = batch.records.slice(taken.length)
      records.push(...taken)
      if (batch.records.length === 0) this.batches.shift()
    }
    return records
  }

  clear(): void {
    this.batches = []
  }
}

interface Held {
  readonly node: number
  readonly unacknowledged: Set<number>
  readonly acknowledged: Acknowledged
}

/** What poll() returned last, and what the application said of it (`ShareFetch`). */
export class ShareHand {
  /** By tp. */
  private readonly held: Map<number, Held> = new Map()

  take(node: number, tp: number, records: readonly ConsumedRecord[], gaps: readonly number[]): void {
    const held = this.held.get(tp) ?? { node, unacknowledged: new Set<number>(), acknowledged: new Map() }
    this.held.set(tp, held)
    for (const { offset } of records) held.unacknowledged.add(offset)
    for (const offset of gaps) held.acknowledged.set(offset, AcknowledgeType.GAP)
  }

  acknowledge(tp: number, offset: number, type: AcknowledgeTypeId): void {
    const held = this.held.get(tp)
    if (held?.unacknowledged.delete(offset) === true) held.acknowledged.set(offset, type)
  }

  acknowledgeAll(type: AcknowledgeTypeId): void {
    for (const held of this.held.values()) {
      for (const offset of held.unacknowledged) held.acknowledged.set(offset, type)
      held.unacknowledged.clear()
    }
  }

  /** `takeAcknowledgedRecords`: what was acknowledged, by node. */
  takeAcknowledged(): ReadonlyMap<number, AcknowledgedByTp> {
    const byNode = new Map<number, AcknowledgedByTp>()
    for (const [tp, { node, acknowledged, unacknowledged }] of this.held) {
      if (acknowledged.size > 0) {
        const all = byNode.get(node) ?? new Map<number, Acknowledged>()
        byNode.set(node, all)
        addAcknowledgements(all, new Map([[tp, acknowledged]]))
        acknowledged.clear()
      }
      if (unacknowledged.size === 0) this.held.delete(tp)
    }
    return byNode
  }
}
