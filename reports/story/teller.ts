import { M } from '../../sim/history/catalogue.ts'
import type { DecodedMoment } from '../../sim/history/decode.ts'
import { APPENDED_AS_LEADER, REPLY_FLAG } from '../../sim/history/ids.ts'
import { Api } from '../../sim/kafka/protocol/api.ts'
import { errorName } from '../../sim/kafka/protocol/errors.ts'
import type { StoryQuestion } from '../story.ts'
import { listed } from '../words.ts'
import { type Told, WEIGHT, type Weight } from './choice.ts'
import { Copies } from './copies.ts'
import { tellCorruption } from './corruption-teller.ts'
import { bool, int } from './fields.ts'
import type { Labels } from './labels.ts'
import { ReaderTeller } from './reader-teller.ts'
import { isReply, messageKey, type Subject } from './subject.ts'
import { TransactionTeller } from './transaction-teller.ts'
import { WorldTeller } from './world-teller.ts'

/** What one moment says, before it is known whether there is room for it. */
export interface Sentence {
  readonly weight: Weight
  readonly text: string
  /** Set where the same can be said often. */
  readonly group?: string
  /** Says again, and more, what the sentence before of the same group said. */
  readonly replaces?: true
}

/** Puts the moments that concern a violation into sentences, in the order of the trace. */
export class Teller {
  private readonly subject: Subject
  private readonly labels: Labels
  private readonly question: StoryQuestion
  private readonly copies: Copies
  private readonly world: WorldTeller
  private readonly readers: ReaderTeller
  private readonly transactions: TransactionTeller
  /** Places at which the records are known to be committed: node, partition and offset. */
  private readonly committed = new Set<string>()
  private readonly all: Told[] = []
  /** What happened after the violation and before the first turn of the records' fate after it. */
  private readonly later: Told[] = []
  private turned = false

  constructor(subject: Subject, labels: Labels, question: StoryQuestion) {
    this.subject = subject
    this.labels = labels
    this.question = question
    this.copies = new Copies(subject)
    this.world = new WorldTeller(subject, labels, question.faults)
    this.readers = new ReaderTeller(subject, labels)
    this.transactions = new TransactionTeller(subject, labels, this.copies)
  }

  see(moment: DecodedMoment): void {
    const own =
      this.ofRecords(moment) ??
      this.ofReplicas(moment) ??
      this.transactions.sentence(moment) ??
      this.readers.sentence(moment)
    const around = this.world.sentence(moment)
    if (moment.index < this.subject.beganIndex) return
    const sentence = own ?? around
    if (sentence === null) return
    if (moment.time <= this.question.violation.atUs) this.add(this.all, moment, sentence)
    else this.afterwards(moment, sentence, own !== null && own.weight === WEIGHT.fate)
  }

  /** After the violation only the records' fate is told to its end, and what led to the first turn of it. */
  private afterwards(moment: DecodedMoment, sentence: Sentence, fate: boolean): void {
    if (!fate) {
      if (!this.turned && sentence.weight <= WEIGHT.deed) this.add(this.later, moment, sentence)
      return
    }
    if (!this.turned) this.all.push(...this.later)
    this.turned = true
    this.add(this.all, moment, sentence)
  }

  /** Everything told, in the order of time, with the violation's moment marked. */
  told(): readonly Told[] {
    const { kind, atUs } = this.question.violation
    const before = this.world.opening()
    const all = [...before, ...this.all]
    const cause = all.reduce((best, one, i) => {
      if (one.atUs !== atUs || one.weight > WEIGHT.deed) return best
      return best < 0 || one.weight <= (all[best]?.weight ?? 0) ? i : best
    }, -1)
    if (cause >= 0) {
      return all.map((one, i) => (i === cause ? { ...one, isCause: true, text: `${one.text}: ${kind}` } : one))
    }
    const at = all.findIndex((one) => one.atUs > atUs)
    const line = { atUs, text: `here it is certain: ${kind}`, isCause: true, weight: WEIGHT.fate, group: 'cause' }
    return at < 0 ? [...all, line] : [...all.slice(0, at), line, ...all.slice(at)]
  }

  private add(to: Told[], moment: DecodedMoment, { weight, text, group, replaces }: Sentence): void {
    if (replaces === true && to.at(-1)?.group === group) to.pop()
    to.push({ atUs: moment.time, text, weight, isCause: false, group: group ?? `${moment.index}` })
  }

  // --- the records and their batches -----------------------------------------------------------------------------------

  private ofRecords(moment: DecodedMoment): Sentence | null {
    const { subject } = this
    const record = int(moment, 'record')
    switch (moment.kind) {
      case M.recordSent:
      case M.recordBatched:
      case M.produceAcked:
      case M.produceFailed:
      case M.produceUnknown:
      case M.recordAbandoned:
      case M.rowWritten:
        return subject.records.has(record) ? this.ofRecord(moment, this.labels.record(record)) : null
      case M.batchRetried:
      case M.batchExpired:
      case M.batchSplit:
      case M.produceAnswered:
      case M.batchDeduplicated:
        return subject.batches.has(int(moment, 'batch')) ? this.ofBatch(moment) : null
      case M.requestSent:
      case M.requestDelivered:
      case M.requestDropped:
        return this.ofMessage(moment)
      default:
        return null
    }
  }

  private ofRecord(moment: DecodedMoment, record: string): Sentence {
    const { labels } = this
    const client = labels.node(moment.node)
    const attempt = int(moment, 'attempt')
    const error = errorName(int(moment, 'error'))
    switch (moment.kind) {
      case M.rowWritten:
        return { weight: WEIGHT.fate, text: `${client} has ${record} as row ${int(moment, 'row')}` }
      case M.recordSent: {
        const again = attempt === 0 ? '' : `, again (attempt ${attempt + 1})`
        return {
          weight: WEIGHT.fate,
          text: `${client} sends ${record} to ${labels.partition(int(moment, 'tp'))}${again}`,
        }
      }
      case M.recordBatched:
        return { weight: WEIGHT.travel, text: `${client} puts ${record} into a batch` }
      case M.produceAcked: {
        const offset = int(moment, 'offset')
        const where = offset < 0 ? '' : ` at offset ${offset}`
        return { weight: WEIGHT.fate, text: `${client} is told that ${record} is published${where}` }
      }
      case M.produceFailed:
        return { weight: WEIGHT.fate, text: `${client} is told that ${record} failed with ${error}` }
      case M.produceUnknown:
        return { weight: WEIGHT.fate, text: `${client} gets ${error} for ${record} and cannot know its outcome` }
      default:
        return { weight: WEIGHT.fate, text: `${client} gives ${record} up` }
    }
  }

  private ofBatch(moment: DecodedMoment): Sentence {
    const { labels } = this
    const batch = int(moment, 'batch')
    const node = labels.node(moment.node)
    const error = errorName(int(moment, 'error'))
    const what = this.inBatch(batch)
    switch (moment.kind) {
      case M.batchRetried: {
        const group = `retried ${batch} ${error}`
        return { weight: WEIGHT.deed, text: `${node} will send ${what} again after ${error}`, group }
      }
      case M.batchExpired:
        return { weight: WEIGHT.deed, text: `${node} lets ${what} expire: delivery.timeout.ms has passed` }
      case M.batchSplit:
        return { weight: WEIGHT.deed, text: `${node} splits the batch of ${what}: it was too large` }
      case M.batchDeduplicated:
        return {
          weight: WEIGHT.deed,
          text: `${node} recognises ${what}: it is there at offset ${int(moment, 'offset')}`,
        }
      default: {
        const to = labels.node(int(moment, 'to'))
        const answer = int(moment, 'error') === 0 ? `offset ${int(moment, 'offset')}` : error
        const group = `answered ${batch} ${moment.node} ${error}`
        return { weight: WEIGHT.deed, text: `${node} answers ${to} for ${what}: ${answer}`, group }
      }
    }
  }

  private ofMessage(moment: DecodedMoment): Sentence | null {
    const key = messageKey(moment)
    const carried = this.subject.carried.get(key)
    if (carried === undefined) return this.ofLost(moment, key)
    const produce = (int(moment, 'api') & ~REPLY_FLAG) === Api.Produce
    const dropped = moment.kind === M.requestDropped
    // A fetch asks for records, and only its answer carries them; that they arrived is told by the copy.
    if (!produce && !(dropped && isReply(moment))) return null
    const what = listed([...carried].map((batch) => this.inBatch(batch)))
    const thing = `the ${produce ? 'Produce' : 'Fetch'} ${isReply(moment) ? 'answer' : 'request'} with ${what}`
    const here = this.labels.node(moment.node)
    if (moment.kind === M.requestDelivered) return { weight: WEIGHT.travel, text: `${thing} reaches ${here}` }
    const to = this.labels.node(int(moment, 'to'))
    return dropped
      ? { weight: WEIGHT.fate, text: `${thing} from ${here} never reaches ${to}` }
      : { weight: WEIGHT.travel, text: `${thing} leaves ${here} for ${to}` }
  }

  /** A lost request that nobody handled: all that is known is that a batch was under way then. */
  private ofLost(moment: DecodedMoment, key: string): Sentence | null {
    if (moment.kind !== M.requestDropped || int(moment, 'api') !== Api.Produce || !this.subject.lostRequests.has(key))
      return null
    const [from, to] = [this.labels.node(moment.node), this.labels.node(int(moment, 'to'))]
    const records = [...this.subject.records].map((record) => this.labels.record(record))
    return {
      weight: WEIGHT.deed,
      text: `a Produce request from ${from} never reaches ${to} while ${listed(records)} is under way`,
      group: `lost ${from} ${to}`,
    }
  }

  // --- the replicas that hold them --------------------------------------------------------------------------------------

  private ofReplicas(moment: DecodedMoment): Sentence | null {
    const tp = int(moment, 'tp')
    const { node } = moment
    switch (moment.kind) {
      case M.logAppended:
        return this.appended(moment, tp)
      case M.hwAdvanced:
        return this.committedAt(moment, tp)
      case M.logTruncated:
        return this.cut(
          moment,
          tp,
          (end) => `cuts ${this.labels.partition(tp)} back from offset ${int(moment, 'leo')} to ${end}`,
        )
      case M.logLoaded:
        return this.cut(moment, tp, (end) => `finds its log of ${this.labels.partition(tp)} only up to offset ${end}`)
      case M.logDeleted: {
        const lost = this.copies.drop(node, tp)
        const text = `${this.labels.node(node)} deletes its replica of ${this.labels.partition(tp)}`
        return lost.length === 0
          ? null
          : { weight: WEIGHT.deed, text: `${text}: its copy of ${this.records(lost)} is gone` }
      }
      case M.diskWiped: {
        const lost = this.copies.wipe(node)
        const text = `the disk of ${this.labels.node(node)} is empty`
        return lost.length === 0
          ? null
          : { weight: WEIGHT.deed, text: `${text}: its copy of ${this.records(lost)} is gone` }
      }
      case M.leaderBegan: {
        if (!this.subject.partitions.has(tp)) return null
        const missing = this.copies.missing(node, tp)
        const without = missing.length === 0 ? '' : `, without ${this.records(missing)}`
        const text = `${this.labels.node(node)} begins to lead ${this.labels.partition(tp)} in epoch ${int(moment, 'epoch')} from offset ${int(moment, 'offset')}`
        return { weight: missing.length > 0 ? WEIGHT.fate : WEIGHT.deed, text: `${text}${without}` }
      }
      default:
        return tellCorruption(moment, this.copies, this.labels)
    }
  }

  private appended(moment: DecodedMoment, tp: number): Sentence | null {
    const batch = int(moment, 'batch')
    const offsets = this.copies.append(moment.node, tp, batch, int(moment, 'offset'))
    if (offsets.length === 0) return null
    const asLeader = (int(moment, 'producerEpoch') & APPENDED_AS_LEADER) !== 0
    const places = `${this.inBatch(batch)} at ${offsets.length === 1 ? 'offset' : 'offsets'} ${listed(offsets.map(String))}`
    const where = `of ${this.labels.partition(tp)}`
    return asLeader
      ? {
          weight: WEIGHT.fate,
          text: `${this.labels.node(moment.node)} appends ${places} ${where} as the leader of epoch ${int(moment, 'epoch')}`,
        }
      : { weight: WEIGHT.setting, text: `${this.labels.node(moment.node)} copies ${places} ${where}` }
  }

  private committedAt(moment: DecodedMoment, tp: number): Sentence | null {
    const highest = this.copies.highest(moment.node, tp)
    const mark = int(moment, 'offset')
    const key = `${moment.node} ${tp} ${highest}`
    if (highest < 0 || mark <= highest || this.committed.has(key)) return null
    this.committed.add(key)
    const leads = bool(moment, 'leader')
    const text = `${this.labels.node(moment.node)} moves its high watermark of ${this.labels.partition(tp)} to ${mark}, over offset ${highest}`
    return { weight: leads ? WEIGHT.deed : WEIGHT.travel, text: leads ? `${text}: committed` : text }
  }

  private cut(moment: DecodedMoment, tp: number, words: (end: number) => string): Sentence | null {
    const end = int(moment, 'offset')
    const lost = this.copies.cut(moment.node, tp, end)
    if (lost.length === 0) return null
    return {
      weight: WEIGHT.fate,
      text: `${this.labels.node(moment.node)} ${words(end)}: its copy of ${this.records(lost)} is gone`,
    }
  }

  // --- words -----------------------------------------------------------------------------------------------------------

  private inBatch(batch: number): string {
    return this.records((this.subject.batches.get(batch) ?? []).map(({ record }) => record))
  }

  private records(records: readonly number[]): string {
    return listed(records.map((record) => this.labels.record(record)))
  }
}
