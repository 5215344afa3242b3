import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Breaches } from './breaches.ts'

/** A leader promises what it has, no more. */
export class AnswerInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [M.produceAnswered]
  private readonly shadow: Shadow
  private readonly breaches: Breaches

  constructor(shadow: Shadow, breaches: Breaches) {
    this.shadow = shadow
    this.breaches = breaches
  }

  onMoment(
    _kind: number,
    time: number,
    node: number,
    tp: number,
    offset: number,
    error: number,
    _to: number,
    acks: number,
    _leo: number,
    _epoch: number,
    batch: number,
  ): void {
    this.onAnswered(time, node, tp, offset, error, acks, batch)
  }

  /** `produce.answered` */
  onAnswered(time: number, node: number, tp: number, offset: number, error: number, acks: number, batch: number): void {
    if (error !== 0 || acks === 0) return
    const { logs, partitions } = this.shadow
    const partition = partitions.indexOf(tp)
    if (partition < 0) return
    const log = logs.of(node, partition)
    const entry = log.entryAt(offset)
    if (entry < 0) {
      // Decided before the replica was given away; the request waited for another partition.
      if (log.cutCause === 'deleted' && offset < log.cutFrom) return
      this.tell(
        'ack-after-append',
        time,
        node,
        partition,
        `answered acks=${acks === 1 ? '1' : 'all'} for offset ${offset}, but its log ends at ${log.end}`,
      )
      return
    }
    // With acks=all a recognised duplicate may be another batch object with the same sequence.
    if (acks === 1 && logs.entries.batch.at(entry) !== batch) {
      this.tell(
        'ack-after-append',
        time,
        node,
        partition,
        `answered acks=1 for offset ${offset}, where its log holds another batch`,
      )
    }
    const required = logs.entries.last.at(entry) + 1
    if (acks === -1 && log.highWatermark < required) {
      this.tell(
        'ack-after-hw',
        time,
        node,
        partition,
        `answered acks=all for offsets ${offset} to ${required - 1}, but its high watermark is ${log.highWatermark}`,
      )
    }
  }

  private tell(invariant: string, time: number, node: number, partition: number, what: string): void {
    this.breaches.add(
      invariant,
      time,
      `${this.shadow.names.node(node)} ${what} (${this.shadow.partitions.names[partition]})`,
    )
  }
}
