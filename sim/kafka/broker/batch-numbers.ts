/** Gives batches that a broker writes itself their numbers. */
export interface BatchNumbers {
  next(): number
}

/** Batches that one incarnation may number before its numbers reach those of the next. */
const NUMBERS_PER_INCARNATION = 0x8000

/** Numbers of the batches that a broker writes itself: its node above 20 bits, as with clients, and every incarnation apart. */
export class BrokerBatchNumbers implements BatchNumbers {
  private readonly base: number
  private count: number

  constructor(broker: number, incarnationId: number) {
    this.base = broker << 20
    this.count = (incarnationId - 1) * NUMBERS_PER_INCARNATION
  }

  next(): number {
    this.count = (this.count + 1) & 0xfffff
    return this.base | this.count
  }
}
