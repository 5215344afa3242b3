import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import type { Outcome } from '../testing/history.test.helper.ts'
import { CHANGELOG, ConsumingHistory } from '../testing/consuming.test.helper.ts'

const KEY = 70

/** Three records of one key, and a service that counts them; `count` says with which count, and what of before. */
class Counting extends ConsumingHistory {
  readonly node: number
  private readonly other: number

  constructor() {
    super({ readers: ['service'], counts: true, state: true })
    this.node = this.service[0] as number
    this.other = this.service[1] as number
    this.at(1000)
    for (const n of [0, 1, 2]) this.put(n, { key: 5 })
    this.at(2000).opens(this.node)
  }

  /** Input n is counted by record `by`; `previous` is the record that the key stood at. */
  counted(n: number, by: number, count: number, previous: number, kept = true, node = this.node): this {
    this.works(node, this.record(n), n)
    this.counts(node, by, this.record(n), count, previous < 0 ? -1 : this.record(previous, this.node), KEY)
    return kept ? this.keeps(node, by) : this
  }

  /** The same by the other instance. */
  countedElsewhere(n: number, by: number, count: number, previous: number): this {
    return this.counted(n, by, count, previous, true, this.other)
  }

  moves(): this {
    return this.emit(M.stateClosed, this.node, CHANGELOG, 0).emit(M.stateOpened, this.other, CHANGELOG, -1, 0)
  }

  done(): Outcome {
    return this.commits('service', this.node, 3).ended()
  }
}

const kindsOf = (outcome: Outcome, guarantee: 'at-most-once' | 'at-least-once' | 'exactly-once'): readonly string[] =>
  outcome.of(guarantee, 'service', 'consume').violations.map(({ kind }) => kind)

describe('counts of a stateful step', () => {
  test('each input once, one after the other', () => {
    const h = new Counting().counted(0, 0, 1, -1).counted(1, 2, 2, 0).counted(2, 4, 3, 2)
    const outcome = h.done()
    expect(outcome.findings()).toEqual([])
    expect(outcome.of('exactly-once', 'service', 'consume').judged).toBe(3)
    expect(outcome.of('state-equivalence')).toMatchObject({ observed: 'holds', judged: 1 })
  })

  test('a store that kept what was aborted counts it again: once in the log, twice in the count', () => {
    const h = new Counting().counted(0, 0, 1, -1).counted(1, 2, 2, 0, false)
    const outcome = h.counted(1, 4, 3, 2).counted(2, 6, 4, 4).done()
    expect(kindsOf(outcome, 'at-most-once')).toEqual(['duplicate-effect'])
    expect(kindsOf(outcome, 'exactly-once')).toEqual(['duplicate-effect'])
    expect(kindsOf(outcome, 'at-least-once')).toEqual([])
    expect(outcome.of('at-most-once', 'service', 'consume').violations[0]?.message).toBe(
      'checkout#0/1 (offset 1 of orders-0) took effect twice: the count of 4 in service#0/6 is made of service#0/2, made by service#0, and of service#0/4, made by service#0, which both count it',
    )
    // The changelog, and the local store too.
    expect(outcome.of('state-equivalence').violations.map(({ kind, message }) => [kind, message])).toEqual([
      [
        'diverged-state',
        'the changelog has a count of 4 under the key of checkout#0/2, and the committed log has 3 records of it',
      ],
      [
        'diverged-state',
        'the local store of service#0 shows a count of 4 under the key of checkout#0/2, and the committed log has 3 records of it',
      ],
    ])
  })

  test('a store that was not restored begins anew: what came before is lost', () => {
    const h = new Counting().counted(0, 0, 1, -1).counted(1, 2, 2, 0).moves()
    const outcome = h.countedElsewhere(2, 0, 1, -1).done()
    expect(kindsOf(outcome, 'at-least-once')).toEqual(['lost-effect', 'lost-effect'])
    expect(kindsOf(outcome, 'at-most-once')).toEqual([])
    expect(outcome.of('at-least-once', 'service', 'consume').violations[0]?.message).toBe(
      'checkout#0/0 (offset 0 of orders-0) was counted in service#0/0, but the newest count of its key, 1 in service#1/0, is not made of it',
    )
    expect(outcome.of('state-equivalence').violations.map(({ kind }) => kind)).toEqual([
      'diverged-state',
      'diverged-state',
    ])
  })

  test('a local store that differs from its changelog has diverged', () => {
    const h = new Counting().counted(0, 0, 1, -1).counted(1, 2, 2, 0).counted(2, 4, 3, 2)
    // Another opens its store, and restores only the first.
    const outcome = h
      .moves()
      .emit(M.stateReplayed, h.service[1] as number, h.record(0, h.node), CHANGELOG, 0)
      .done()
    expect(outcome.of('state-equivalence').violations.map(({ message }) => message)).toEqual([
      'the local store of service#1 shows a count of 1 under the key of checkout#0/2, and the committed log has 3 records of it',
    ])
    expect(kindsOf(outcome, 'exactly-once')).toEqual([])
  })

  test('an input that was worked on twice, and both is there, is told once', () => {
    const outcome = new Counting()
      .counted(0, 0, 1, -1)
      .counted(1, 2, 2, 0)
      .counted(1, 4, 3, 2)
      .counted(2, 6, 4, 4)
      .done()
    // The forwarded count, and the changelog's.
    expect(kindsOf(outcome, 'at-most-once')).toEqual(['duplicate-effect', 'duplicate-effect'])
  })

  test('an input that is not counted at all is lost, and missed in the state', () => {
    const outcome = new Counting().counted(0, 0, 1, -1).counted(1, 2, 2, 0).done()
    expect(kindsOf(outcome, 'at-least-once')).toEqual(['lost-effect'])
    expect(outcome.of('state-equivalence').violations[0]?.message).toBe(
      'the changelog has a count of 2 under the key of checkout#0/2, and the committed log has 3 records of it',
    )
  })
})
