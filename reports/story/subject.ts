import { M } from '../../sim/history/catalogue.ts'
import { type DecodedMoment, decodeMoments } from '../../sim/history/decode.ts'
import { REPLY_FLAG } from '../../sim/history/ids.ts'
import { Api } from '../../sim/kafka/protocol/api.ts'
import { EventChain } from './event-chain.ts'
import { int, text } from './fields.ts'
import type { Labels } from './labels.ts'

/** A story follows at most so many of a violation's records: what happened to the rest is mostly the same. */
const MOST_RECORDS = 3

/** One place of a record: its position in a batch. */
interface Placed {
  readonly record: number
  readonly index: number
}

/** What a violation is about, found in the trace: records, the batches they went in, and the requests that carried those. */
export interface Subject {
  readonly records: ReadonlySet<number>
  /** Records of each batch, with their place in it. */
  readonly batches: ReadonlyMap<number, readonly Placed[]>
  /** Partitions of the records; empty = all, because the violation names no record. */
  readonly partitions: ReadonlySet<number>
  /** Nodes that send the records. */
  readonly clients: ReadonlySet<number>
  /** Transactions that the records belong to, as moments number them, with their transactional and producer ids. */
  readonly transactions: ReadonlySet<number>
  readonly transactionalIds: ReadonlySet<string>
  readonly producerIds: ReadonlySet<number>
  /** When the first record was sent, or its transaction began, and the index of that moment; 0 without records. */
  readonly beganAt: number
  readonly beganIndex: number
  /** Batches that each request or reply carried, by {@link messageKey}. */
  readonly carried: ReadonlyMap<string, ReadonlySet<number>>
  /** Produce requests of the clients that never arrived while a batch was under way. */
  readonly lostRequests: ReadonlySet<string>
}

/** Names a request together with its reply; a connection counts its requests. */
export function messageKey(moment: DecodedMoment): string {
  return `${int(moment, 'connection')}/${int(moment, 'correlation')}`
}

export function isReply(moment: DecodedMoment): boolean {
  return (int(moment, 'api') & REPLY_FLAG) !== 0
}

/** @param ids the violation's records, such as `checkout#0/5`. */
export function subjectOf(chunks: readonly Uint8Array[], ids: readonly string[], labels: Labels): Subject {
  const records = new Set(ids.flatMap((id) => labels.recordsNamed(id)))
  const finder = new Finder(new Set([...records].slice(0, MOST_RECORDS)))
  for (const moment of decodeMoments(chunks)) finder.see(moment)
  return finder.found()
}

/** Reads a trace once and gathers what belongs to the records. */
class Finder {
  private readonly records: ReadonlySet<number>
  private readonly batches = new Map<number, Placed[]>()
  private readonly partitions = new Set<number>()
  private readonly clients = new Set<number>()
  private readonly carried = new Map<string, Set<number>>()
  private readonly chain = new EventChain()
  /** Batches whose outcome is open, with the produce requests sent since they were batched or put back. */
  private readonly open = new Map<number, Set<string>>()
  /** Of those requests the ones that may have carried a batch: no answer told otherwise. */
  private readonly suspected = new Set<string>()
  private readonly dropped = new Set<string>()
  private readonly transactions = new Set<number>()
  private readonly transactionalIds = new Set<string>()
  private readonly producerIds = new Set<number>()
  /** By node: the beginning of the transaction that is open there. */
  private readonly openTransactions = new Map<number, DecodedMoment>()
  private began: DecodedMoment | null = null

  constructor(records: ReadonlySet<number>) {
    this.records = records
  }

  found(): Subject {
    const { records, batches, partitions, clients, carried } = this
    for (const sent of this.open.values()) this.suspect(sent)
    const lostRequests = new Set([...this.dropped].filter((key) => this.suspected.has(key) && !carried.has(key)))
    const { time: beganAt, index: beganIndex } = this.began ?? { time: 0, index: 0 }
    const { transactions, transactionalIds, producerIds } = this
    const ofTransactions = { transactions, transactionalIds, producerIds }
    return { records, batches, partitions, clients, carried, lostRequests, ...ofTransactions, beganAt, beganIndex }
  }

  see(moment: DecodedMoment): void {
    const carrier = this.chain.follow(moment)
    switch (moment.kind) {
      case M.recordSent:
        if (this.concerns(moment)) {
          const transaction = this.transactionOf(moment)
          this.began ??= transaction ?? moment
          this.clients.add(moment.node)
          this.partitions.add(int(moment, 'tp'))
        }
        break
      case M.recordBatched:
        if (this.concerns(moment)) this.place(moment)
        break
      case M.produceAcked:
      case M.produceFailed:
      case M.produceUnknown:
        if (this.concerns(moment)) this.resolve(moment, carrier)
        break
      case M.batchRetried:
        this.endTry(int(moment, 'batch'), carrier)
        break
      case M.logAppended:
      case M.produceAnswered:
      case M.batchDeduplicated:
        this.carry(int(moment, 'batch'), carrier)
        break
      case M.requestSent:
      case M.requestDelivered:
      case M.requestDropped:
        this.request(moment)
        break
      case M.txnBegan:
        this.openTransactions.set(moment.node, moment)
        break
      case M.txnCommitted:
      case M.txnAborted:
      case M.txnFailed:
      case M.producerRestarted:
      case M.nodeStarted:
        this.openTransactions.delete(moment.node)
        break
    }
  }

  /** The beginning of the transaction in which a record is sent, which belongs to the story from now on; null without. */
  private transactionOf({ node }: DecodedMoment): DecodedMoment | null {
    const began = this.openTransactions.get(node)
    if (began === undefined) return null
    this.transactions.add(int(began, 'txn'))
    this.transactionalIds.add(text(began, 'transactional.id'))
    this.producerIds.add(int(began, 'producerId'))
    return began
  }

  private concerns(moment: DecodedMoment): boolean {
    return this.records.has(int(moment, 'record'))
  }

  private place(moment: DecodedMoment): void {
    const batch = int(moment, 'batch')
    const placed = { record: int(moment, 'record'), index: int(moment, 'index') }
    this.giveUpBefore(placed.record, batch)
    const before = this.batches.get(batch)
    if (before === undefined) this.batches.set(batch, [placed])
    else if (!before.some(({ record }) => record === placed.record)) before.push(placed)
    this.open.set(batch, new Set())
  }

  /** A record that comes into another batch has left its older ones: they were split, or died with their producer. */
  private giveUpBefore(record: number, batch: number): void {
    for (const [older, placed] of this.batches) {
      if (older === batch || !placed.some((one) => one.record === record)) continue
      this.endTry(older, null)
      this.open.delete(older)
    }
  }

  private resolve(moment: DecodedMoment, carrier: DecodedMoment | null): void {
    const record = int(moment, 'record')
    for (const [batch, placed] of this.batches) {
      if (!placed.some((one) => one.record === record)) continue
      this.endTry(batch, carrier)
      this.open.delete(batch)
    }
  }

  /** A try ends by a message about the batch, or by the loss of one of the requests that were sent meanwhile. */
  private endTry(batch: number, carrier: DecodedMoment | null): void {
    const sent = this.open.get(batch)
    if (sent === undefined) return
    if (carrier === null) this.suspect(sent)
    else this.carry(batch, carrier)
    this.open.set(batch, new Set())
  }

  private suspect(requests: ReadonlySet<string>): void {
    for (const key of requests) this.suspected.add(key)
  }

  /** What handles a batch in an event that a message began was done for that message. */
  private carry(batch: number, carrier: DecodedMoment | null): void {
    if (carrier === null || !this.batches.has(batch)) return
    const key = messageKey(carrier)
    const batches = this.carried.get(key)
    if (batches === undefined) this.carried.set(key, new Set([batch]))
    else batches.add(batch)
  }

  private request(moment: DecodedMoment): void {
    const key = messageKey(moment)
    if (int(moment, 'api') !== Api.Produce) return
    if (moment.kind === M.requestDropped && !isReply(moment)) this.dropped.add(key)
    if (moment.kind === M.requestSent && this.clients.has(moment.node)) {
      for (const sent of this.open.values()) sent.add(key)
    }
  }
}
