import { M } from '../../sim/history/catalogue.ts'
import { recordOf } from '../../sim/history/ids.ts'
import { Errors } from '../../sim/kafka/protocol/errors.ts'
import { History } from './history.test.helper.ts'
import { type Batch, ReplicaLogs } from './replica-logs.test.helper.ts'

/** What a leader needs in sync before it commits anything. */
const MIN_ISR = 2

/**
 * A replicated log that keeps its promises, as simple as can be: it tells every step to a history. Replication 3, min ISR 2,
 * eligible leader replicas. An idempotent producer sends in order and retries; only replicas in sync or eligible are elected;
 * a leader that is cut off goes on unaware, and gives up what it appended when it comes back.
 */
export class ReplicatedLog extends ReplicaLogs {
  /** -1 = nobody. */
  leader = 1
  epoch = 0
  isr: number[] = [1, 2, 3]
  /** What the producer waits for, oldest first. */
  private pending: Batch[] = []
  private elr: number[] = []
  /** Who led before nobody did. */
  private lastKnown = -1
  private readonly up: Set<number> = new Set([1, 2, 3])
  /** Leads on in an epoch that is over, and nobody hears it; -1 = none. */
  private zombie = -1
  private zombieEpoch = -1
  /** Batches that a leader refused. */
  private readonly refused: Set<number> = new Set()
  partitionEpoch = 0
  private records = 0
  private batches = 0

  constructor() {
    super(new History({ minIsr: MIN_ISR }))
    this.h.at(1).formed()
  }

  // --- replicas ---------------------------------------------------------------------------------------------------

  /** Batches that lie below the leader's high watermark. */
  get committedBatches(): number {
    let batches = 0
    while (
      batches < this.log(this.leader).length &&
      this.end(this.leader, batches + 1) <= this.highWatermark(this.leader)
    )
      batches++
    return batches
  }

  followers(): number[] {
    return this.isr.filter((node) => node !== this.leader)
  }

  private copy(follower: number): void {
    const led = this.log(this.leader)
    while (this.log(follower).length < led.length) this.append(follower, led[this.log(follower).length] as Batch)
    this.h.fetched(this.leader, follower, this.end(follower), this.epoch)
  }

  // --- the producer -------------------------------------------------------------------------------------------------

  /** Sends a batch of records without appending it. */
  send(size: number): Batch {
    const number = this.batches++
    const records = Array.from({ length: size }, () => this.records++)
    records.forEach((record, index) => this.h.sent(record, number, 0, index))
    return { number, records, epoch: this.epoch }
  }

  /** A batch that reaches the leader, and some followers; it is acknowledged later. */
  begin(size: number, copies: number): void {
    this.pending.push(this.send(size))
    this.deliver()
    if (this.leader < 0 || this.isr.length < MIN_ISR) return
    // Those that will not lead next come first.
    for (const follower of this.followers().reverse().slice(0, copies)) this.copy(follower)
  }

  /** What the leader lacks of what the producer waits for reaches it, in order. */
  private deliver(): void {
    if (this.leader < 0) return
    for (const batch of this.pending) {
      if (this.offsetOf(this.leader, batch) >= 0) continue
      if (this.isr.length < MIN_ISR) {
        this.refused.add(batch.number)
        this.h.answered(this.leader, batch.number, -1, -1, Errors.NOT_ENOUGH_REPLICAS)
        this.h.retried(batch.number, Errors.NOT_ENOUGH_REPLICAS)
        return
      }
      if (this.appended.has(batch.number)) this.h.retried(batch.number, Errors.NOT_LEADER_OR_FOLLOWER)
      this.append(this.leader, { ...batch, epoch: this.epoch })
    }
  }

  /** An answer is lost: the producer asks again, and the leader recognises what it has. */
  askAgain(): void {
    const [batch] = this.pending
    const offset = batch === undefined || this.leader < 0 ? -1 : this.offsetOf(this.leader, batch)
    if (batch === undefined || offset < 0) return
    const { h } = this
    h.retried(batch.number, Errors.NETWORK_EXCEPTION)
    const last = offset + batch.records.length - 1
    h.emit(M.batchDeduplicated, this.leader, h.tp, offset, last, recordOf(h.checkout, batch.number), 7, 0, batch.number)
    this.acknowledgeCommitted()
  }

  /** `delivery.timeout.ms` is over for everything: certain only where every answer was a refusal. */
  expire(): void {
    for (const { number, records } of this.pending.splice(0)) {
      const isDoubtful = this.appended.has(number)
      this.h.emit(M.batchExpired, this.h.checkout, recordOf(this.h.checkout, number), this.h.tp, isDoubtful ? 1 : 0)
      for (const record of records) {
        if (isDoubtful) this.h.unknown(record)
        else this.h.failed(record, this.refused.has(number) ? Errors.NOT_ENOUGH_REPLICAS : Errors.REQUEST_TIMED_OUT)
      }
    }
  }

  // --- replication --------------------------------------------------------------------------------------------------

  /** Everybody in sync catches up; what is covered is committed and, unless answers are lost, acknowledged. */
  catchUp(answers = true): void {
    if (this.leader < 0) return
    this.deliver()
    for (const follower of this.followers()) this.copy(follower)
    if (this.isr.length < MIN_ISR) return
    this.advance(this.leader, this.end(this.leader), true)
    if (answers) this.acknowledgeCommitted()
  }

  /** Followers learn of the leader's high watermark. */
  hear(): void {
    if (this.leader < 0) return
    for (const follower of this.followers())
      this.advance(follower, Math.min(this.end(follower), this.highWatermark(this.leader)), false)
  }

  private advance(node: number, to: number, leads: boolean): void {
    if (to <= this.highWatermark(node)) return
    this.high.set(node, to)
    this.h.high(node, to, this.epoch, leads)
  }

  private acknowledgeCommitted(): void {
    while (this.pending.length > 0) {
      const batch = this.pending[0] as Batch
      const offset = this.offsetOf(this.leader, batch)
      if (offset < 0 || offset + batch.records.length > this.highWatermark(this.leader)) return
      this.pending.shift()
      this.acknowledge(batch)
    }
  }

  acknowledge(batch: Batch): void {
    const offset = this.offsetOf(this.leader, batch)
    this.h.answered(this.leader, batch.number, offset)
    batch.records.forEach((record, index) => this.h.acked(record, offset + index))
  }

  // --- leaders ------------------------------------------------------------------------------------------------------

  /** The leader dies; a replica in sync takes over, or nobody. `before` may spoil it. */
  failOver(before: (next: number) => void = () => {}): void {
    const old = this.leader
    if (old < 0) return
    this.die(old)
    this.replace(old, before)
  }

  /** The leader is cut off: another one is elected, and the old one does not know. */
  cutOff(size: number): void {
    const old = this.leader
    if (this.zombie >= 0 || this.followers().length === 0) return
    this.zombie = old
    this.zombieEpoch = this.epoch
    this.h.fenced(old)
    this.replace(old)
    // The producer does not know either.
    this.pending.push(this.send(size))
    for (const batch of this.pending)
      if (this.offsetOf(old, batch) < 0) this.append(old, { ...batch, epoch: this.zombieEpoch })
  }

  private replace(old: number, before: (next: number) => void = () => {}): void {
    this.lastKnown = old
    const [follower] = this.followers()
    this.becomeElr(this.isr.filter((node) => node !== old))
    const next = follower ?? this.elr.find((node) => this.up.has(node) && node !== old && node !== this.zombie) ?? -1
    if (next >= 0) before(next)
    if (next >= 0 && follower === undefined) this.becomeElr([next])
    this.elect(next)
  }

  /** The in-sync set without some: while it is too small, whoever left it stays eligible (KIP-966). */
  private becomeElr(isr: number[]): void {
    const left = this.isr.filter((node) => !isr.includes(node))
    this.elr = isr.length >= MIN_ISR ? [] : [...new Set([...this.elr, ...left])].filter((node) => !isr.includes(node))
    this.isr = isr
  }

  private elect(leader: number, isUnclean = false): void {
    this.leader = leader
    this.epoch++
    this.h.elect(leader, this.epoch, ++this.partitionEpoch, this.isr, isUnclean)
    if (leader < 0) return
    this.h.began(leader, this.epoch, this.end(leader), this.highWatermark(leader), this.isr, this.partitionEpoch)
    for (const node of this.h.brokers)
      if (node !== leader && node !== this.zombie && this.up.has(node)) this.follow(node)
  }

  private follow(node: number): void {
    this.h.followed(node, this.leader, this.epoch, this.end(node))
    this.cutToCommon(node, this.leader)
  }

  // --- brokers ------------------------------------------------------------------------------------------------------

  private die(node: number): void {
    this.h.crashed(node).fenced(node)
    this.up.delete(node)
  }

  /** A follower leaves the in-sync set: it dies, or only lags. */
  loseFollower(dies: boolean): void {
    const follower = this.followers()[0]
    if (follower === undefined) return
    if (dies) this.die(follower)
    this.changeIsr(this.isr.filter((node) => node !== follower))
    this.catchUp()
  }

  /** Whoever is away comes back, catches up and is in sync again. */
  restart(): void {
    for (const node of this.h.brokers) if (!this.up.has(node)) this.comeUp(node)
    const unaware = this.zombie
    if (unaware >= 0) this.h.unfenced(unaware)
    this.zombie = -1
    // Whoever is eligible leads where nobody does, else who led last: it has lost nothing, but nobody knows.
    if (this.leader < 0) {
      const eligible = this.elr[0]
      const next = eligible ?? this.lastKnown
      this.becomeElr([next])
      this.elect(next, eligible === undefined)
    }
    if (unaware >= 0 && unaware !== this.leader) this.follow(unaware)
    for (const node of this.h.brokers) if (!this.isr.includes(node)) this.joinIsr(node)
    this.catchUp()
  }

  private comeUp(node: number): void {
    this.up.add(node)
    // It may have lost data, as far as the controller knows.
    this.elr = this.elr.filter((other) => other !== node)
    // What the checkpoint had: nothing.
    this.high.set(node, 0)
    this.h.started(node).loaded(node, this.end(node), 0).registered(node).unfenced(node)
    if (this.leader >= 0) this.follow(node)
  }

  private joinIsr(node: number): void {
    this.copy(node)
    this.changeIsr([...this.isr, node].sort((a, b) => a - b))
  }

  private changeIsr(isr: number[]): void {
    this.becomeElr(isr)
    this.h.isr(isr, ++this.partitionEpoch, this.epoch, this.elr)
    this.h.adopted(this.leader, isr, this.partitionEpoch, this.epoch)
  }

  // --- what no log does ---------------------------------------------------------------------------------------------

  /** The next leader has forgotten what was committed last, and so does everybody. */
  forget(batches: number): void {
    const committed = this.committedBatches
    this.pending = []
    this.failOver((next) => {
      this.cut(next, Math.max(0, committed - batches))
    })
  }

  // --- histories ----------------------------------------------------------------------------------------------------

  /** One step of a random history. */
  step(kind: number, size: number): void {
    this.h.time += 1_000
    switch (kind % STEPS) {
      case 0:
      case 1:
        this.begin(size, 2)
        return this.catchUp()
      case 2:
        return this.begin(size, size - 1)
      case 3:
        return this.failOver()
      case 4:
        return this.loseFollower(true)
      case 5:
        return this.restart()
      case 6:
        return this.loseFollower(false)
      case 7:
        return this.cutOff(size)
      case 8:
        this.begin(size, 0)
        return this.askAgain()
      case 9:
        return this.catchUp(false)
      case 10:
        return this.hear()
      default:
        return this.expire()
    }
  }

  settle(): void {
    this.h.time += 1_000
    this.h.healing()
    this.restart()
    this.hear()
  }
}

/** Kinds of steps. */
export const STEPS = 12
