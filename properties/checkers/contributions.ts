import type { Consumption } from '../shadow/consumption.ts'
import { LOGGED } from '../shadow/applications.ts'
import type { CommittedView } from './committed-view.ts'
import { Pairs } from './pairs.ts'

/** A place of the input that was counted, and the changelog record that says so. */
export interface Contribution {
  readonly record: number
  readonly partition: number
  readonly offset: number
}

/** A key of a stateful step at the end of the run. */
export interface CountedKey {
  readonly partition: number
  readonly key: number
  /** The newest changelog record of the committed log, -1 without one. */
  newest: number
  /** Every place of the input that was ever counted under it, once each; the first record that did. */
  readonly inputs: Contribution[]
}

/** What the counts of a reader are made of: a multiset of inputs for each key. */
export class Contributions {
  readonly keys: readonly CountedKey[]
  private readonly consumption: Consumption
  private readonly view: CommittedView
  /** Places whose count is in the committed changelog, as often as it is there. */
  private readonly logged: Map<number, number> = new Map()
  private readonly places: Pairs = new Pairs()

  constructor(consumption: Consumption, view: CommittedView, reader: number) {
    this.consumption = consumption
    this.view = view
    this.keys = this.read(reader)
  }

  /** How often the committed changelog holds the count of an input. */
  loggedOf({ partition, offset }: Contribution): number {
    return this.logged.get(this.places.of(partition, offset)) ?? 0
  }

  /** Whether the input lies in the committed log at the end. */
  isThere({ partition, offset }: Contribution): boolean {
    return this.view.placeAt(partition, offset) >= 0
  }

  numberOf({ partition, offset }: Contribution): number {
    return this.places.of(partition, offset)
  }

  /** What a changelog record is made of, newest first: it, what its key stood at before, and so on. */
  visit(record: number, each: (contribution: Contribution) => void): void {
    for (let at = record; at >= 0; at = this.consumption.states.previousOf(at)) each(this.contributionOf(at))
  }

  private contributionOf(record: number): Contribution {
    const { lineage } = this.consumption
    return { record, partition: lineage.inputPartitionOf(record), offset: lineage.inputOffsetOf(record) }
  }

  private read(reader: number): readonly CountedKey[] {
    const { states, lineage } = this.consumption
    const view = this.view.read()
    const numbers = new Pairs()
    const keys: CountedKey[] = []
    const keyOf = (record: number): CountedKey | null => {
      const partition = lineage.inputPartitionOf(record)
      if (states.counts.at(record) === 0 || partition < 0 || lineage.readerOf(record) !== reader) return null
      const number = numbers.of(partition, states.keyOf(record))
      return (keys[number] ??= { partition, key: states.keyOf(record), newest: -1, inputs: [] })
    }
    const known = new Set<number>()
    for (let at = 0; at < states.made.length; at++) {
      const record = states.made.at(at)
      const key = keyOf(record)
      if (key === null) continue
      const contribution = this.contributionOf(record)
      const number = this.numberOf(contribution)
      if (!known.has(number)) key.inputs.push(contribution)
      known.add(number)
    }
    for (let place = 0; place < view.places; place++) {
      const record = view.record.at(place)
      const key = keyOf(record)
      if (key === null || lineage.indexOf(record) !== LOGGED) continue
      // Places come in the order of the log.
      key.newest = record
      const number = this.numberOf(this.contributionOf(record))
      this.logged.set(number, (this.logged.get(number) ?? 0) + 1)
    }
    return keys
  }
}
