/**
 * `SubmittedRecords`: rows that were given to the producer, in their order. Only the longest run of acknowledged ones from the
 * front may be committed, whatever was acknowledged behind a row that is not.
 */
export class SubmittedRecords {
  /** Rows below it are acknowledged, all of them. */
  private front: number
  private next: number
  private readonly acked: Set<number> = new Set()

  constructor(from: number) {
    this.front = from
    this.next = from
  }

  /** The offset to commit: the first row that is not known to be published. */
  get committable(): number {
    return this.front
  }

  /** Rows without an acknowledgement. */
  get pending(): number {
    return this.next - this.front - this.acked.size
  }

  /** The row behind the last one submitted. */
  get end(): number {
    return this.next
  }

  /** Rows come in order. */
  submit(row: number): void {
    this.next = row + 1
  }

  ack(row: number): void {
    this.acked.add(row)
    while (this.acked.delete(this.front)) this.front++
  }
}
