/** A transaction that everything has been sent to, and that is not ended. */
export interface OpenTransaction {
  readonly producerId: number
  readonly producerEpoch: number
  /** The application's number of it, for moments. */
  readonly transaction: number
}
