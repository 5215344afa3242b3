/** What a processor must not forget with its process: how many records and batches it has made, so that no number is used twice. */
export class ProcessorJournal {
  records = 0
  batches = 0
  /** Transactions begun, and producers made in the place of others. */
  transactions = 0
  restarts = 0
}
