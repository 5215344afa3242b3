import type { ProducerBatch } from './producer-batch.ts'

/**
 * Batches of a partition that wait to be drained (Kafka's `Deque<ProducerBatch>`): a ring, because a producer that sends
 * faster than brokers acknowledge has thousands of them, and taking the first from an array would move all others.
 */
export class BatchQueue {
  length = 0
  /** A power of two in length. */
  private ring: (ProducerBatch | null)[] = [null, null, null, null]
  /** Place of the first in the ring. */
  private head = 0

  get first(): ProducerBatch | undefined {
    return this.at(0)
  }

  get last(): ProducerBatch | undefined {
    return this.at(this.length - 1)
  }

  /** The batch at this place, 0 being the first. */
  at(index: number): ProducerBatch | undefined {
    if (index < 0 || index >= this.length) return undefined
    return this.ring[this.place(index)] as ProducerBatch
  }

  push(batch: ProducerBatch): void {
    if (this.length === this.ring.length) this.grow()
    this.ring[this.place(this.length++)] = batch
  }

  shift(): ProducerBatch | undefined {
    const { first } = this
    if (first === undefined) return undefined
    this.ring[this.head] = null
    this.head = this.place(1)
    this.length--
    return first
  }

  /** Puts a batch at this place; those from there on move up. */
  insert(index: number, batch: ProducerBatch): void {
    this.push(batch)
    for (let at = this.length - 1; at > index; at--) this.ring[this.place(at)] = this.at(at - 1) as ProducerBatch
    this.ring[this.place(index)] = batch
  }

  /** Takes a batch out, wherever it is; false when it is not there. */
  remove(batch: ProducerBatch): boolean {
    const batches = this.all()
    if (!batches.includes(batch)) return false
    this.clear()
    for (const other of batches) if (other !== batch) this.push(other)
    return true
  }

  all(): readonly ProducerBatch[] {
    return Array.from({ length: this.length }, (_, index) => this.at(index) as ProducerBatch)
  }

  clear(): void {
    this.ring.fill(null)
    this.length = 0
  }

  private place(index: number): number {
    return (this.head + index) & (this.ring.length - 1)
  }

  private grow(): void {
    const batches = this.all()
    this.ring = Array.from({ length: 2 * this.ring.length }, (_, index) => batches[index] ?? null)
    this.head = 0
  }
}
