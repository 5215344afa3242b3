import { History } from './history.test.helper.ts'

interface Batch {
  readonly number: number
  readonly records: readonly number[]
  /** Leader epoch it was appended in; a copy keeps it. */
  readonly epoch: number
}

/**
 * A replicated log that keeps its promises, as simple as can be: it tells every step to a history. An idempotent producer
 * sends in order and retries what a new leader lacks; only a replica in sync is elected.
 */
export class ReplicatedLog {
  readonly h: History = new History()
  leader = 1
  epoch = 0
  isr: number[] = [1, 2, 3]
  readonly logs: Map<number, Batch[]> = new Map([
    [1, []],
    [2, []],
    [3, []],
  ])
  private readonly up: Set<number> = new Set([1, 2, 3])
  private readonly pending: Batch[] = []
  private partitionEpoch = 0
  private committed = 0
  private records = 0
  private batches = 0

  constructor() {
    this.h.at(1).formed()
  }

  log(node: number): Batch[] {
    return this.logs.get(node) as Batch[]
  }

  end(node: number, batches: number = this.log(node).length): number {
    return this.log(node)
      .slice(0, batches)
      .reduce((sum, batch) => sum + batch.records.length, 0)
  }

  /** Sends a batch of records without appending it. */
  send(size: number): Batch {
    const number = this.batches++
    const records = Array.from({ length: size }, () => this.records++)
    records.forEach((record, index) => this.h.sent(record, number, 0, index))
    return { number, records, epoch: this.epoch }
  }

  append(node: number, batch: Batch): void {
    const offset = this.end(node)
    this.log(node).push(batch)
    this.h.appended(node, batch.number, offset, batch.epoch, batch.records.length)
  }

  /** A batch that the leader and some followers hold; it is acknowledged later. */
  begin(size: number, copies: number): void {
    const batch = this.send(size)
    this.pending.push(batch)
    this.append(this.leader, batch)
    for (const follower of this.followers().slice(0, copies)) this.copy(follower)
  }

  followers(): number[] {
    return this.isr.filter((node) => node !== this.leader)
  }

  private copy(follower: number): void {
    const led = this.log(this.leader)
    while (this.log(follower).length < led.length) this.append(follower, led[this.log(follower).length] as Batch)
    this.h.fetched(this.leader, follower, this.end(follower), this.epoch)
  }

  /** Everybody in sync catches up; what is covered is committed and acknowledged. */
  catchUp(): void {
    for (const follower of this.followers()) this.copy(follower)
    const end = this.end(this.leader)
    if (this.log(this.leader).length > this.committed) this.h.high(this.leader, end, this.epoch)
    this.committed = this.log(this.leader).length
    for (const batch of this.pending.splice(0)) this.acknowledge(batch)
  }

  acknowledge(batch: Batch): void {
    const offset = this.end(
      this.leader,
      this.log(this.leader).findIndex((other) => other.number === batch.number),
    )
    this.h.answered(this.leader, batch.number, offset)
    batch.records.forEach((record, index) => this.h.acked(record, offset + index))
  }

  /** The leader dies and a replica in sync takes over; `before` may spoil it. */
  failOver(before: (next: number) => void = () => {}): boolean {
    const next = this.followers()[0]
    if (next === undefined) return false
    const old = this.leader
    this.h.crashed(old)
    this.up.delete(old)
    this.isr = this.isr.filter((node) => node !== old)
    this.leader = next
    this.epoch++
    before(next)
    this.h.elect(next, this.epoch, ++this.partitionEpoch, this.isr)
    this.h.began(next, this.epoch, this.end(next), this.end(next, this.committed), this.isr, this.partitionEpoch)
    for (const follower of this.followers()) this.follow(follower)
    this.retry()
    return true
  }

  private follow(node: number): void {
    const led = this.log(this.leader)
    const own = this.log(node)
    let common = 0
    while (
      common < own.length &&
      common < led.length &&
      own[common]?.number === led[common]?.number &&
      own[common]?.epoch === led[common]?.epoch
    )
      common++
    const [end, cut] = [this.end(node), this.end(node, common)]
    this.h.followed(node, this.leader, this.epoch, end)
    own.length = common
    if (cut < end) this.h.truncated(node, cut, end)
  }

  /** What the new leader has is recognised, the rest appended, in order. */
  private retry(): void {
    for (const [index, batch] of this.pending.entries()) {
      if (this.log(this.leader).some((other) => other.number === batch.number)) continue
      const again = { ...batch, epoch: this.epoch }
      this.pending[index] = again
      this.h.retried(batch.number, 6)
      this.append(this.leader, again)
    }
  }

  /** A follower dies and leaves the in-sync set. */
  loseFollower(): void {
    const follower = this.followers()[0]
    if (follower === undefined) return
    this.h.crashed(follower)
    this.up.delete(follower)
    this.changeIsr(this.isr.filter((node) => node !== follower))
    this.catchUp()
  }

  /** Whoever is down comes back, catches up and is in sync again. */
  restart(): void {
    for (const node of this.h.brokers) {
      if (this.up.has(node)) continue
      this.up.add(node)
      this.h.started(node).loaded(node, this.end(node), 0).registered(node).unfenced(node)
      this.follow(node)
      this.copy(node)
      this.changeIsr([...this.isr, node].sort((a, b) => a - b))
    }
    this.catchUp()
  }

  private changeIsr(isr: number[]): void {
    this.isr = isr
    this.h.isr(isr, ++this.partitionEpoch, this.epoch).adopted(this.leader, isr, this.partitionEpoch, this.epoch)
  }

  /** The committed batches that the leader holds. */
  get committedBatches(): number {
    return this.committed
  }

  /** Forgets the newest committed batches of a replica, as no replica ever may. */
  forget(node: number, batches: number): void {
    const end = this.end(node)
    this.committed -= batches
    this.log(node).length = this.committed
    this.pending.length = 0
    this.h.truncated(node, this.end(node), end)
  }

  /** One step of a random history. */
  step(kind: number, size: number): void {
    this.h.time += 1_000
    switch (kind % 6) {
      case 0:
      case 1:
        this.begin(size, 2)
        this.catchUp()
        return
      case 2:
        return this.begin(size, size - 1)
      case 3:
        return void this.failOver()
      case 4:
        return this.loseFollower()
      default:
        return this.restart()
    }
  }

  settle(): void {
    this.h.time += 1_000
    this.h.healing()
    this.catchUp()
    this.restart()
  }
}
