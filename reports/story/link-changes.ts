import { M } from '../../sim/history/catalogue.ts'
import type { DecodedMoment } from '../../sim/history/decode.ts'
import { listed } from '../words.ts'
import { WEIGHT } from './choice.ts'
import { int } from './fields.ts'
import type { Labels } from './labels.ts'
import type { Sentence } from './teller.ts'

interface Direction {
  readonly from: readonly number[]
  readonly to: readonly number[]
}

/** Links are cut and healed one by one and one way; what happens to them at one time is one sentence. */
export class LinkChanges {
  private readonly labels: Labels
  private group = ''
  /** Receivers of each sender. */
  private changed = new Map<number, number[]>()

  constructor(labels: Labels) {
    this.labels = labels
  }

  /** Says everything that changed at the time of this moment; replaces what was said at the moment before. */
  sentence(moment: DecodedMoment): Sentence {
    const cut = moment.kind === M.linkCut
    const group = `links ${moment.time} ${cut ? 'cut' : 'healed'}`
    if (group !== this.group) this.changed = new Map()
    this.group = group
    const from = int(moment, 'from')
    this.changed.set(from, [...(this.changed.get(from) ?? []), int(moment, 'to')])
    const said = `${cut ? 'nothing passes any more' : 'messages pass again'} ${this.directions()}`
    return { weight: cut ? WEIGHT.deed : WEIGHT.setting, text: said, group, replaces: true }
  }

  private directions(): string {
    const directions = this.bySides()
    const [one, other] = directions
    if (one !== undefined && other !== undefined && directions.length === 2 && isReverse(one, other))
      return `between ${this.labels.nodes(one.from)} and ${this.labels.nodes(one.to)}`
    return listed(directions.map(({ from, to }) => `from ${this.labels.nodes(from)} to ${this.labels.nodes(to)}`))
  }

  /** Senders with the same receivers belong together. */
  private bySides(): readonly Direction[] {
    const sides = new Map<string, { from: number[]; to: readonly number[] }>()
    for (const [from, to] of [...this.changed].sort(([a], [b]) => a - b)) {
      const receivers = [...to].sort((a, b) => a - b)
      const side = sides.get(receivers.join())
      if (side === undefined) sides.set(receivers.join(), { from: [from], to: receivers })
      else side.from.push(from)
    }
    // The few stand before the many: `between broker-1 and the rest`.
    return [...sides.values()].sort((a, b) => a.from.length - b.from.length)
  }
}

function isReverse(one: Direction, other: Direction): boolean {
  return one.from.join() === other.to.join() && one.to.join() === other.from.join()
}
