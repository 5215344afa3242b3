import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import { Errors } from '../../sim/kafka/protocol/errors.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { S } from './names.ts'

/** Situations of sends on their way. */
export class ProducerSituations implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.recordSent,
    M.produceAcked,
    M.produceFailed,
    M.produceUnknown,
    M.produceAnswered,
    M.batchDeduplicated,
    M.batchExpired,
    M.epochBumped,
    M.linkCut,
    M.nodeStarted,
  ]
  private readonly counts: Int32Array
  /** Brokers are nodes 1 to this, applications and stores come after them. */
  private readonly brokers: number
  /** By node: sends without an outcome. */
  private readonly open: Int32Array
  private openSends = 0

  constructor(shadow: Shadow, counts: Int32Array) {
    this.counts = counts
    this.brokers = shadow.spec.cluster.brokers.length
    this.open = new Int32Array(shadow.names.nodes.length)
  }

  onMoment(kind: number, _time: number, node: number, a: number, b: number, c: number): void {
    switch (kind) {
      case M.recordSent:
        return this.add(node, 1)
      case M.produceUnknown:
        this.hit(S.unknownOutcome)
        return this.add(node, -1)
      case M.produceAcked:
      case M.produceFailed:
        return this.add(node, -1)
      case M.nodeStarted:
        // What the process before it had not heard of, it never will.
        return this.add(node, -(this.open[node] as number))
      case M.produceAnswered:
        return this.onAnswered(c)
      case M.batchDeduplicated:
        return this.hit(S.dedupHit)
      case M.batchExpired:
        return c === 1 ? this.hit(S.expiredInFlight) : undefined
      case M.epochBumped:
        return this.hit(S.epochBump)
      default:
        return this.onCut(a, b)
    }
  }

  private hit(situation: number): void {
    this.counts[situation] = (this.counts[situation] as number) + 1
  }

  private add(node: number, sends: number): void {
    this.open[node] = (this.open[node] as number) + sends
    this.openSends += sends
  }

  private onAnswered(error: number): void {
    if (error === Errors.OUT_OF_ORDER_SEQUENCE_NUMBER) this.hit(S.sequenceRefused)
    else if (error === Errors.NOT_ENOUGH_REPLICAS || error === Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND)
      this.hit(S.notEnoughReplicas)
  }

  /** An application's own sends count on its links; anybody's do between brokers, for what they copy is everybody's. */
  private onCut(from: number, to: number): void {
    const client = Math.max(from, to)
    const sends = client > this.brokers ? (this.open[client] as number) : this.openSends
    if (sends > 0) this.hit(S.cutInFlight)
  }
}
