import type { Consumption } from '../shadow/consumption.ts'
import { Ints } from '../shadow/growable.ts'
import { What } from '../shadow/readings.ts'
import type { Anomaly } from '../../scenarios/format/vocabulary.ts'
import { type AtLeastOnce, PublishFate } from './at-least-once.ts'
import type { RunEnd } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { isOpen } from './open-sends.ts'
import { owes } from './owed.ts'
import { tellMissing } from './missing.ts'
import type { Superseded } from './superseded.ts'
import { shareFate } from './share-fates.ts'

/** What the end of a run says about a record and a reader. */
export type Fate =
  | { readonly state: 'done' }
  /** Neither there nor lost by any proof. */
  | { readonly state: 'undecided'; readonly why: string }
  | {
      readonly state: 'lost'
      readonly kind: Anomaly
      readonly atUs: number
      /** The record that went missing, or that had no effect. */
      readonly record: number
      readonly message: () => string
    }

const DONE: Fate = { state: 'done' }

/** A handler that is fed by itself says how often a record is to go around: one that never ends it is not followed for ever. */
const MOST_HOPS = 500

/** In the place of a depth: only what a reader makes of a record is asked for, and not what comes of that. */
const ONE_HOP = -1

/** Follows records to their effects, and says where they were lost: judges of `consume` and `end-to-end` share it. */
export class Fates {
  readonly consumption: Consumption
  readonly view: CommittedView
  private readonly least: AtLeastOnce
  private readonly superseded: Superseded
  private readonly end: RunEnd
  /** By reader: items that took effect there, as 1. */
  private readonly effective: (Ints | undefined)[] = []
  /** What is known of records deep in a cycle, by record and target. */
  private readonly deep: Map<number, Fate> = new Map()

  constructor(consumption: Consumption, view: CommittedView, least: AtLeastOnce, superseded: Superseded, end: RunEnd) {
    this.consumption = consumption
    this.view = view.read()
    this.least = least
    this.superseded = superseded
    this.end = end
    const { effects, lineage } = consumption
    for (let effect = 0; effect < effects.length; effect++) {
      const items = (this.effective[effects.reader.at(effect)] ??= new Ints())
      items.put(lineage.itemOf(effects.record.at(effect)), 1)
    }
  }

  /** What became of a record on its way to a reader's effect. */
  reach(record: number, target: number, depth = 0): Fate {
    const { readers } = this.consumption.applications
    // Only a cycle of processors is deeper, and every copy of a record leads to all that comes of any: each is followed once.
    if (depth <= readers.length) return this.follow(record, target, depth)
    const place = record * readers.length + target
    const known = this.deep.get(place)
    if (known !== undefined) return known
    const fate = this.follow(record, target, depth)
    this.deep.set(place, fate)
    return fate
  }

  private follow(record: number, target: number, depth: number): Fate {
    const { view, consumption } = this
    const { applications, lineage } = consumption
    if (this.effective[target]?.at(lineage.itemOf(record)) === 1) return DONE
    if (depth > MOST_HOPS)
      return { state: 'undecided', why: `was passed on ${MOST_HOPS} times, and was followed no further` }
    if (!view.holds(record)) return this.published(record) ?? { state: 'undecided', why: 'was not published' }
    let worst: Fate = DONE
    for (let reader = 0; reader < applications.readers.length; reader++) {
      if (!this.isReadBy(record, reader)) continue
      if (reader === target && applications.reader(reader).kind !== 'processor')
        worst = worse(worst, this.consumed(reader, record))
      else if (reader === target || applications.leadsTo(reader, target))
        worst = worse(worst, this.through(reader, record, target, depth))
    }
    return worst
  }

  /** What a reader made of a record of the committed log. */
  consumed(reader: number, record: number): Fate {
    if (this.consumption.applications.reader(reader).kind === 'processor') {
      return this.through(reader, record, reader, ONE_HOP)
    }
    if (!owes(this.consumption, reader, record)) return DONE
    return this.consumption.effects.newestOf(reader, record) >= 0 ? DONE : this.missing(reader, record, -1)
  }

  isReadBy(record: number, reader: number): boolean {
    const { reads } = this.consumption.applications.reader(reader)
    for (let place = this.view.firstOf(record); place >= 0; place = this.view.next.at(place) - 1) {
      if (reads[this.view.partition.at(place)] === true) return true
    }
    return false
  }

  /** A record that is in no committed log: lost, under way, or null when nobody was told that it is published. */
  private published(record: number): Fate | null {
    switch (this.least.fateAtEnd(record, this.end)) {
      case PublishFate.lost: {
        const { atUs, message } = this.least.loss(record, this.end)
        return { state: 'lost', kind: 'lost-record', atUs, record, message: () => message }
      }
      case PublishFate.kept:
      case PublishFate.undecided:
        return { state: 'undecided', why: 'is in a log that may still lead, but not in the committed log' }
      default:
        return isOpen(this.consumption.shadow, record) ? { state: 'undecided', why: 'is still being published' } : null
    }
  }

  /** The outputs of a processor, each followed on to the target, or to the log when the processor is the target. */
  private through(reader: number, record: number, target: number, depth: number): Fate {
    const { applications, lineage } = this.consumption
    const item = lineage.itemOf(record)
    const { outputs: known } = applications.reader(reader)
    const outputs = known === 'told' ? lineage.toldOutputs(item, reader) : known
    // A handler that was never done with it cannot have said how much comes of it.
    if (outputs < 0) return this.missing(reader, record, -1)
    const offset = this.view.offset.at(this.view.firstOf(record))
    let worst: Fate = DONE
    for (let index = 0; index < outputs; index++) {
      const told = known === 'told' ? lineage.toldTopic(item, reader, index) : -1
      if (reader !== target && !applications.outputMayReach(reader, offset, index, told, target)) continue
      const output = lineage.outputOf(item, reader, index)
      const best = output < 0 ? null : this.bestOf(output, target, depth)
      worst = worse(worst, best ?? this.missing(reader, record, index))
    }
    return worst
  }

  /** The best fate of the records that are an output, null when none of them was published. */
  private bestOf(item: number, target: number, depth: number): Fate | null {
    const { lineage } = this.consumption
    let best: Fate | null = null
    let record = lineage.newestRecordOf(item)
    for (; record >= 0; record = lineage.beforeInItem(record)) {
      const isThere = this.view.holds(record)
      const fate = depth === ONE_HOP && isThere ? DONE : this.reachOrNull(record, target, isThere, depth + 1)
      if (fate !== null) best = best === null ? fate : better(best, fate)
    }
    return best
  }

  private reachOrNull(record: number, target: number, isThere: boolean, depth: number): Fate | null {
    const { lineage } = this.consumption
    const tookEffect = this.effective[target]?.at(lineage.itemOf(record)) === 1
    return isThere || tookEffect ? this.reach(record, target, depth) : this.published(record)
  }

  // --- proof of loss ------------------------------------------------------------------------------------------------

  /**
   * An effect that is not there. Lost when the run settled without it, or when the group's position passed the record and
   * no living process works on it.
   */
  private missing(reader: number, record: number, index: number): Fate {
    if (this.consumption.applications.reader(reader).isShared)
      return shareFate(this.consumption, this.view, reader, record, this.end, this.isPending(reader, record))
    if (this.superseded.excuses(reader, record)) return DONE
    const passing = this.passing(reader, record)
    const settled = this.end.ended === 'settled'
    const { applications, commits } = this.consumption
    if (passing < 0) {
      if (!settled) return { state: 'undecided', why: 'was not reached' }
      // Whoever was stopped, or stops by its script, leaves the rest unread: that is not finished, not lost.
      const isLeft = applications.reader(reader).isScripted || !this.consumption.runs(reader)
      if (isLeft) return { state: 'undecided', why: 'was not reached' }
    } else if (!settled && this.isPending(reader, record)) return { state: 'undecided', why: 'is being worked on' }
    const passedAt = passing < 0 ? -1 : commits.at.at(passing)
    return {
      state: 'lost',
      kind: 'lost-effect',
      atUs: this.lostAt(reader, record, passedAt),
      record,
      message: () => tellMissing(this.consumption, this.view, reader, record, index, passing),
    }
  }

  /** The commit with which the group was past every copy of the record, -1 while it is not. */
  private passing(reader: number, record: number): number {
    const { view, consumption } = this
    const { reads } = consumption.applications.reader(reader)
    let last = -1
    for (let place = view.firstOf(record); place >= 0; place = view.next.at(place) - 1) {
      const partition = view.partition.at(place)
      if (reads[partition] !== true) continue
      const passing = consumption.coordinators.passing(reader, partition, view.offset.at(place))
      if (passing < 0) return -1
      last = Math.max(last, passing)
    }
    return last
  }

  /** Whether a living process has the record and is not done with it. */
  private isPending(reader: number, record: number): boolean {
    const { deliveries } = this.consumption
    let delivery = deliveries.newestOf(record)
    for (; delivery >= 0; delivery = deliveries.beforeOfRecord.at(delivery) - 1) {
      if (deliveries.reader.at(delivery) === reader && this.consumption.endedAfter(delivery) < 0) return true
    }
    return false
  }

  /** When the position had passed and the last process that had the record was gone; the end when one lives. */
  private lostAt(reader: number, record: number, passedAt: number): number {
    if (passedAt < 0) return this.end.virtualUs
    const { deliveries } = this.consumption
    let at = passedAt
    let delivery = deliveries.newestOf(record)
    for (; delivery >= 0; delivery = deliveries.beforeOfRecord.at(delivery) - 1) {
      if (deliveries.reader.at(delivery) !== reader) continue
      const ended = this.consumption.endedAfter(delivery)
      if (ended < 0) return this.end.virtualUs
      at = Math.max(at, ended)
    }
    return at
  }
}

/** Whether an effect counts: an upsert that changes nothing makes no second one. */
export function counts(what: number): boolean {
  return what !== What.unchanged
}

const RANK = { done: 0, undecided: 1, lost: 2 } as const

function worse(a: Fate, b: Fate): Fate {
  return RANK[b.state] > RANK[a.state] ? b : a
}

function better(a: Fate, b: Fate): Fate {
  return RANK[b.state] < RANK[a.state] ? b : a
}
