import { M } from '../../sim/history/catalogue.ts'
import type { DecodedMoment } from '../../sim/history/decode.ts'
import { recordOrdinal, REPLY_FLAG } from '../../sim/history/ids.ts'
import { Api, type ApiName } from '../../sim/kafka/protocol/api.ts'
import { errorName, isRetriable } from '../../sim/kafka/protocol/errors.ts'
import { atSeconds } from '../words.ts'
import { WEIGHT } from './choice.ts'
import type { Copies } from './copies.ts'
import { bool, int, text } from './fields.ts'
import type { Labels } from './labels.ts'
import { isReply, messageKey, type Subject } from './subject.ts'
import type { Sentence } from './teller.ts'

/** A message that takes longer is late: more than a network with its usual latency needs. */
const LATE_US = 1_000_000

/** What clients ask transaction and group coordinators of their transactions. */
const APIS: ReadonlyMap<number, ApiName> = new Map(
  (['InitProducerId', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn', 'TxnOffsetCommit'] as const).map((name) => [
    Api[name],
    name,
  ]),
)

/**
 * Puts the transactions of the records into sentences: what their application called and was told, what their coordinator
 * decided, what markers made of them, which offsets went with them, and who else used the same transactional id.
 */
export class TransactionTeller {
  private readonly subject: Subject
  private readonly labels: Labels
  private readonly copies: Copies
  /** When each request about a transaction, or its answer, was sent. */
  private readonly sentAt = new Map<string, number>()
  /** Places that are known to be below a last stable offset: node, partition and offset. */
  private readonly stable = new Set<string>()

  constructor(subject: Subject, labels: Labels, copies: Copies) {
    this.subject = subject
    this.labels = labels
    this.copies = copies
  }

  sentence(moment: DecodedMoment): Sentence | null {
    switch (moment.kind) {
      case M.txnBegan:
      case M.txnEnding:
      case M.txnCommitted:
      case M.txnAborted:
      case M.txnUnknown:
      case M.txnFailed:
      case M.txnOffsetsSent:
        return this.subject.transactions.has(int(moment, 'txn')) ? this.ofApplication(moment) : null
      case M.txnOpened:
      case M.txnPartitionAdded:
      case M.txnPrepared:
      case M.txnCompleted:
      case M.producerRegistered:
      case M.producerRefused:
        return this.subject.transactionalIds.has(text(moment, 'transactional.id')) ? this.ofCoordinator(moment) : null
      case M.markerWritten:
      case M.txnVerified:
      case M.txnHung:
      case M.offsetPending:
      case M.offsetDropped:
        return this.subject.producerIds.has(int(moment, 'producerId')) ? this.ofPartition(moment) : null
      case M.lsoAdvanced:
        return this.stableAt(moment)
      case M.requestSent:
      case M.requestDelivered:
      case M.requestDropped:
        return this.ofMessage(moment)
      default:
        return null
    }
  }

  // --- the application ----------------------------------------------------------------------------------------------

  private ofApplication(moment: DecodedMoment): Sentence {
    const { labels } = this
    const client = labels.node(moment.node)
    const txn = `transaction ${recordOrdinal(int(moment, 'txn'))}`
    const error = errorName(int(moment, 'error'))
    switch (moment.kind) {
      case M.txnBegan:
        return { weight: WEIGHT.fate, text: `${client} begins ${txn} (${this.producer(moment)})` }
      case M.txnEnding: {
        const call = bool(moment, 'commit') ? 'commitTransaction' : 'abortTransaction'
        return { weight: WEIGHT.fate, text: `${client} calls ${call}() for ${txn}` }
      }
      case M.txnCommitted:
        return { weight: WEIGHT.fate, text: `${client} is told that ${txn} is committed` }
      case M.txnAborted:
        return { weight: WEIGHT.fate, text: `${client} is told that ${txn} is aborted` }
      case M.txnUnknown:
        return { weight: WEIGHT.fate, text: `${client} gets ${error} and cannot know whether ${txn} is committed` }
      case M.txnFailed:
        return { weight: WEIGHT.fate, text: `${client} gets ${error}: ${txn} is not committed, for all it can know` }
      default: {
        const offset = `offset ${int(moment, 'offset')} of ${labels.partition(int(moment, 'tp'))}`
        return { weight: WEIGHT.deed, text: `${client} commits ${offset} for group ${text(moment, 'group')} in ${txn}` }
      }
    }
  }

  // --- the coordinator ----------------------------------------------------------------------------------------------

  private ofCoordinator(moment: DecodedMoment): Sentence | null {
    const { labels } = this
    const node = labels.node(moment.node)
    const id = text(moment, 'transactional.id')
    const producer = this.producer(moment)
    switch (moment.kind) {
      case M.txnOpened:
        return {
          weight: WEIGHT.deed,
          text: `${node}, the coordinator of ${id}, has an ongoing transaction (${producer})`,
        }
      case M.txnPartitionAdded: {
        const name = labels.partition(int(moment, 'tp'))
        return { weight: WEIGHT.setting, text: `${name} belongs to the transaction of ${id} now` }
      }
      case M.txnPrepared: {
        const end = bool(moment, 'commit') ? 'commit' : 'abort'
        const why = bool(moment, 'timedOut') ? ', for it was open for longer than transaction.timeout.ms' : ''
        return { weight: WEIGHT.fate, text: `${node} decides to ${end} the transaction of ${id} (${producer})${why}` }
      }
      case M.txnCompleted: {
        const text = `${node} knows of all markers for ${id} (${producer}): its transaction is over`
        return { weight: WEIGHT.setting, text }
      }
      case M.producerRegistered: {
        const who = labels.node(int(moment, 'member'))
        return {
          weight: WEIGHT.deed,
          text: `${node} gives ${id} ${producer} for ${who}; whoever had it before is fenced`,
        }
      }
      default: {
        const [api, who] = [APIS.get(int(moment, 'api')) ?? 'a request', labels.node(int(moment, 'member'))]
        const error = errorName(int(moment, 'error'))
        const text = `${node} refuses ${api} of ${who} for ${id} (${producer}): ${error}`
        return { weight: WEIGHT.deed, text, group: `refused ${api} ${who} ${error}` }
      }
    }
  }

  // --- partitions and groups ----------------------------------------------------------------------------------------

  private ofPartition(moment: DecodedMoment): Sentence | null {
    const { labels, subject } = this
    const tp = int(moment, 'tp')
    const node = labels.node(moment.node)
    const name = labels.partition(tp)
    const producer = this.producer(moment)
    const isOwn = subject.partitions.has(tp)
    switch (moment.kind) {
      case M.markerWritten: {
        const marker = bool(moment, 'commit') ? 'COMMIT' : 'ABORT'
        const said = `${node} writes the marker ${marker} at offset ${int(moment, 'offset')} of ${name} (${producer})`
        return { weight: isOwn ? WEIGHT.fate : WEIGHT.setting, text: said }
      }
      case M.txnVerified: {
        const error = int(moment, 'error')
        // Retriable is what the coordinator could not say just now.
        if (!isOwn || error === 0 || isRetriable(error)) return null
        const said = `${node} learns that ${producer} may not write to ${name}: ${errorName(error)}`
        return { weight: WEIGHT.deed, text: said, group: `verified ${name} ${error}` }
      }
      case M.txnHung: {
        const said = `${node} finds the transaction of ${producer} at offset ${int(moment, 'offset')} of ${name} older than any can be`
        return { weight: WEIGHT.fate, text: said }
      }
      default: {
        const what = `offset ${int(moment, 'offset')} of ${name} for group ${text(moment, 'group')}`
        const does = moment.kind === M.offsetPending ? 'holds' : 'drops'
        const why = moment.kind === M.offsetPending ? 'until its transaction ends' : ': its transaction was aborted'
        const said = `${node} ${does} ${what}${why.startsWith(':') ? '' : ' '}${why} (${producer})`
        return { weight: WEIGHT.deed, text: said }
      }
    }
  }

  /** A last stable offset that passes the records for the first time: now readers of committed records come so far. */
  private stableAt(moment: DecodedMoment): Sentence | null {
    const tp = int(moment, 'tp')
    const highest = this.copies.highest(moment.node, tp)
    const offset = int(moment, 'offset')
    const key = `${moment.node} ${tp} ${highest}`
    if (highest < 0 || offset <= highest || this.stable.has(key)) return null
    this.stable.add(key)
    const said = `${this.labels.node(moment.node)} moves its last stable offset of ${this.labels.partition(tp)} to ${offset}, over offset ${highest}`
    return { weight: WEIGHT.deed, text: said }
  }

  // --- messages -----------------------------------------------------------------------------------------------------

  /** Of requests about transactions, what was lost, and what came late. */
  private ofMessage(moment: DecodedMoment): Sentence | null {
    const api = int(moment, 'api') & ~REPLY_FLAG
    const name = APIS.get(api)
    if (name === undefined) return null
    const isAnswer = isReply(moment)
    const key = `${messageKey(moment)} ${isAnswer}`
    const other = int(moment, moment.kind === M.requestDelivered ? 'from' : 'to')
    const isOwn = this.subject.clients.has(moment.node) || this.subject.clients.has(other)
    if (moment.kind === M.requestSent) {
      if (isOwn) this.sentAt.set(key, moment.time)
      return null
    }
    if (!isOwn) return null
    const thing = `the ${name} ${isAnswer ? 'answer' : 'request'}`
    const here = this.labels.node(moment.node)
    const there = this.labels.node(other)
    if (moment.kind === M.requestDropped) {
      const group = `lost ${api} ${isAnswer} ${here} ${there}`
      return { weight: WEIGHT.deed, text: `${thing} from ${here} never reaches ${there}`, group }
    }
    const sent = this.sentAt.get(key)
    this.sentAt.delete(key)
    if (sent === undefined || moment.time - sent < LATE_US) return null
    const said = `${thing} that ${there} sent at ${atSeconds(sent / 1000)} reaches ${here} only now`
    return { weight: WEIGHT.fate, text: said }
  }

  private producer(moment: DecodedMoment): string {
    return `producer id ${int(moment, 'producerId')}, epoch ${int(moment, 'producerEpoch')}`
  }
}
