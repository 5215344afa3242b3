import { Decision } from '../shadow/decisions.ts'
import { OffsetFate } from '../shadow/transaction-offsets.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { TxnEnd } from '../shadow/transactions.ts'
import type { Violation } from '../verdict.ts'
import { listed, seconds, someOf } from '../words.ts'
import { type Checker, cutShort, earliest, type Ruling, type RunEnd, type Suspect } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import type { FinalLogs } from './final-logs.ts'
import { MOST_KEPT } from './findings.ts'

/** At most this many parts of a transaction are named in a sentence. */
const PARTS_TOLD = 3

/** One write of a transaction, and what readers of committed records see of it in the end. */
interface Part {
  /** `checkout#0/5 (offset 7 of orders-0)`, `offset 5 of orders-0 for group billing`. */
  readonly what: () => string
  readonly records: readonly number[]
  readonly visible: boolean
  /** Why, for words: when the marker was written that decided it. */
  readonly decision: number
  readonly decidedAt: number
}

interface Torn extends Suspect {
  readonly txn: number
  readonly shown: readonly Part[]
  readonly hidden: readonly Part[]
}

/**
 * `atomicity`: of a transaction all records and offsets become visible, or none: all when commitTransaction() returned, none
 * when it was aborted or refused, either when the application cannot know. That they become visible at different times is no
 * matter of it.
 */
export class Atomicity implements Checker {
  readonly kinds: readonly number[] = []
  private readonly shadow: Shadow
  private readonly view: CommittedView
  private readonly final: FinalLogs
  private torn: readonly Torn[] | null = null
  private undecided = 0

  constructor(shadow: Shadow, view: CommittedView, final: FinalLogs) {
    this.shadow = shadow
    this.view = view
    this.final = final
  }

  onMoment(): void {}

  rule(subject: number, end: RunEnd): Ruling {
    const torn = (this.torn ??= this.read(end))
    const { transactions } = this.shadow
    let judged = 0
    for (let txn = 0; txn < transactions.length; txn++) if (this.isOf(txn, subject)) judged++
    const own = torn.filter(({ txn }) => this.isOf(txn, subject))
    const open =
      this.undecided === 0
        ? null
        : `${cutShort(end) ?? 'the run settled'}: what becomes of ${this.undecided === 1 ? 'a transaction' : `${this.undecided} transactions`} is open`
    return {
      judged,
      violations: earliest(own, MOST_KEPT).map((one) => this.tell(one)),
      count: own.length,
      undecided: open,
      excused: false,
    }
  }

  private isOf(txn: number, subject: number): boolean {
    const { transactions, names } = this.shadow
    return subject === -1 || names.applicationOf[transactions.node.at(txn)] === subject
  }

  private read(end: RunEnd): readonly Torn[] {
    const { transactions } = this.shadow
    const visible = this.visiblePlacements()
    const offsets = this.offsetsOf()
    const torn: Torn[] = []
    for (let txn = 0; txn < transactions.length; txn++) {
      const parts = [...this.records(txn, visible), ...(offsets.get(txn) ?? [])]
      if (parts.some((part) => part === null)) {
        if (end.ended !== 'settled') this.undecided++
        continue
      }
      const one = this.judge(txn, parts as readonly Part[])
      if (one !== null) torn.push(one)
    }
    return torn
  }

  private judge(txn: number, parts: readonly Part[]): Torn | null {
    const { end, endedAt } = this.shadow.transactions
    const shown = parts.filter(({ visible }) => visible)
    const hidden = parts.filter(({ visible }) => !visible)
    const isTorn = {
      [TxnEnd.committed]: hidden.length > 0,
      [TxnEnd.aborted]: shown.length > 0,
      [TxnEnd.failed]: shown.length > 0,
    }[end.at(txn)]
    if (!(isTorn ?? (shown.length > 0 && hidden.length > 0))) return null
    const last = Math.max(...parts.map(({ decidedAt }) => decidedAt), endedAt.at(txn))
    return { txn, shown, hidden, atUs: last, order: txn }
  }

  /** Placements that a reader of committed records is given. */
  private visiblePlacements(): Uint8Array {
    const visible = new Uint8Array(this.shadow.records.placements)
    const { view } = this
    view.read()
    for (let place = 0; place < view.places; place++) visible[view.placement.at(place)] = 1
    return visible
  }

  /** The records of a transaction; null for one whose fate is open. */
  private records(txn: number, visible: Uint8Array): readonly (Part | null)[] {
    const { transactions } = this.shadow
    const parts: (Part | null)[] = []
    for (let member = transactions.newestMember(txn); member >= 0; member = transactions.before(member))
      parts.push(this.part(transactions.record.at(member), transactions.attempt.at(member), visible))
    return parts.reverse()
  }

  private part(record: number, attempt: number, visible: Uint8Array): Part | null {
    const { records, batches, logs } = this.shadow
    let entry = -1
    let isVisible = false
    let placement = records.newestPlacement.at(record)
    for (; placement >= 0; placement = records.placementOfRecord.at(placement)) {
      if (records.placementAttempt.at(placement) !== attempt) continue
      if (visible[placement] === 1) isVisible = true
      if (entry < 0) entry = batches.newestCopy.at(records.placementBatch.at(placement)) - 1
    }
    const { entries } = logs
    const decision = entry < 0 ? Decision.none : entries.decision.at(entry)
    if (!isVisible && entry >= 0 && this.isOpen(entry)) return null
    return {
      what: () => this.tellRecord(record, entry),
      records: [record],
      visible: isVisible,
      decision,
      decidedAt: entry < 0 ? 0 : entries.decidedAt.at(entry),
    }
  }

  /** In the log of the end, and no marker behind it. */
  private isOpen(entry: number): boolean {
    const { batches, logs } = this.shadow
    const partition = batches.partition.at(logs.batchOf(entry))
    return this.final.undecided(partition).includes(entry)
  }

  private offsetsOf(): ReadonlyMap<number, readonly Part[]> {
    const { transactionOffsets: offsets } = this.shadow
    const parts = new Map<number, Part[]>()
    for (let at = 0; at < offsets.length; at++) {
      const fate = offsets.fate.at(at)
      // What no coordinator told of is nothing that can be judged: it may have been overtaken by a newer commit.
      if (fate !== OffsetFate.committed && fate !== OffsetFate.dropped) continue
      const txn = offsets.transaction.at(at)
      const visible = fate === OffsetFate.committed
      const part = {
        what: () => this.tellOffset(at),
        records: [],
        visible,
        decision: visible ? Decision.committed : Decision.aborted,
        decidedAt: offsets.decidedAt.at(at),
      }
      const known = parts.get(txn)
      if (known === undefined) parts.set(txn, [part])
      else known.push(part)
    }
    return parts
  }

  // --- words --------------------------------------------------------------------------------------------------------

  private tell({ txn, shown, hidden, atUs }: Torn): Violation {
    const { transactions, names, records } = this.shadow
    const who = names.node(transactions.node.at(txn))
    const began = `a transaction that ${who} began at ${seconds(transactions.beganAt.at(txn))}`
    const told = this.tellEnd(txn)
    const seen =
      shown.length === 0
        ? `nothing of it is visible: ${this.tellParts(hidden)}`
        : hidden.length === 0
          ? `all of it is visible: ${this.tellParts(shown)}`
          : `${this.tellParts(shown)} ${verb(shown)} visible, ${this.tellParts(hidden)} ${verb(hidden)} not`
    const concerned = [...shown, ...hidden].flatMap((part) => part.records)
    return {
      kind: 'torn-transaction',
      atUs,
      message: `${began} ${told}, but ${seen}`,
      records: concerned.map((record) => names.record(records.ids.at(record))),
    }
  }

  private tellEnd(txn: number): string {
    const { end, endedAt } = this.shadow.transactions
    const at = seconds(endedAt.at(txn))
    switch (end.at(txn)) {
      case TxnEnd.committed:
        return `was committed, as its application was told at ${at}`
      case TxnEnd.aborted:
        return `was aborted, as its application was told at ${at}`
      case TxnEnd.failed:
        return `was not committed, as its application had to conclude at ${at}`
      case TxnEnd.unknown:
        return `ended at ${at} without its application knowing how`
      default:
        return 'was left by its application'
    }
  }

  private tellParts(parts: readonly Part[]): string {
    const words = parts.map(({ what, decision, decidedAt }) => {
      const how =
        decision === Decision.none
          ? ''
          : `, ${decision === Decision.committed ? 'committed' : 'aborted'} by the marker of ${seconds(decidedAt)}`
      return `${what()}${how}`
    })
    return words.length <= PARTS_TOLD ? listed(words) : someOf(words, PARTS_TOLD)
  }

  private tellRecord(record: number, entry: number): string {
    const { names, records, partitions, batches, logs } = this.shadow
    const name = names.record(records.ids.at(record))
    if (entry < 0) return `${name}, which no broker appended`
    return `${name} in ${partitions.names[batches.partition.at(logs.batchOf(entry))]}`
  }

  private tellOffset(at: number): string {
    const { transactionOffsets: offsets, partitions } = this.shadow
    return `offset ${offsets.offset.at(at)} of ${partitions.names[partitions.indexOf(offsets.tp.at(at))] ?? 'a partition'}`
  }
}

function verb(parts: readonly Part[]): string {
  return parts.length === 1 ? 'is' : 'are'
}
