import { partitionOf, topicIdOf } from '../../history/ids.ts'
import type { Envelope } from '../../network/envelope.ts'
import { PendingReply, type Replies } from '../group/pending-reply.ts'
import { Errors } from '../protocol/errors.ts'
import type { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from '../protocol/transaction-messages.ts'

type Result = AddPartitionsToTxnResponse['resultsByTransaction'][number]

/** An AddPartitionsToTxn request, which from brokers holds several transactions: answered when all of them are decided. */
export class AddPartitionsReply {
  readonly request: Envelope
  private readonly reply: PendingReply
  private readonly results: (Result | null)[]
  private undecided: number

  constructor(request: Envelope) {
    this.request = request
    this.reply = new PendingReply(request)
    const { transactions } = request.body as AddPartitionsToTxnRequest
    this.results = transactions.map(() => null)
    this.undecided = transactions.length
  }

  /** One transaction is decided: what became of its partitions, one by one. */
  decide(index: number, errorOf: (tp: number) => number, tps: readonly number[], replies: Replies): void {
    const { transactions } = this.request.body as AddPartitionsToTxnRequest
    const { transactionalId } = transactions[index] as AddPartitionsToTxnRequest['transactions'][number]
    const partitions = tps.map((tp) => ({
      topicId: topicIdOf(tp),
      partition: partitionOf(tp),
      partitionErrorCode: errorOf(tp),
    }))
    this.results[index] = { transactionalId, partitions }
    this.undecided--
    if (this.undecided > 0) return
    const body: AddPartitionsToTxnResponse = {
      errorCode: Errors.NONE,
      resultsByTransaction: this.results.filter((result) => result !== null),
    }
    replies.complete(this.reply, body)
  }
}
