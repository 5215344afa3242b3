/** `VerificationGuard.SENTINEL`: no guard; it opens nothing. */
export const NO_GUARD = 0

/**
 * That the transaction coordinator is asked, or has been asked, whether a producer may begin a transaction in a partition
 * (`VerificationStateEntry`, KIP-890). It lives from the first question to the next transactional batch or marker in the log:
 * an answer that a marker overtook finds another guard, or none.
 */
export class VerificationStateEntry {
  /** Tells this question from every other of the log. */
  readonly guard: number
  /** Wall clock in milliseconds. */
  readonly timestamp: number
  /** The producer begins every transaction with a new epoch (transaction version 2). */
  readonly supportsEpochBump: boolean
  /** Of the batches that wait: a higher one must not be written while a lower one may still be sent again. */
  lowestSequence: number
  private epoch: number

  constructor(guard: number, timestamp: number, sequence: number, epoch: number, supportsEpochBump: boolean) {
    this.guard = guard
    this.timestamp = timestamp
    this.lowestSequence = sequence
    this.epoch = epoch
    this.supportsEpochBump = supportsEpochBump
  }

  /** One more batch waits (`maybeUpdateLowestSequenceAndEpoch`). */
  note(sequence: number, epoch: number): void {
    if (epoch > this.epoch || (epoch === this.epoch && sequence < this.lowestSequence)) this.lowestSequence = sequence
    if (epoch > this.epoch) this.epoch = epoch
  }
}
