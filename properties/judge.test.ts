import { describe, expect, test } from 'vitest'
import { only } from '../scenarios/format/fixture.test.helper.ts'
import type { Expectation, Scenario } from '../scenarios/format/scenario.ts'
import { GUARANTEES } from '../scenarios/format/vocabulary.ts'
import type { Hasher } from '../sim/host.ts'
import { judgeRun, seedOfRun } from './judge.ts'

/** A digest good enough to tell runs apart (FNV-1a), because this room has no cryptography. */
class Fnv implements Hasher {
  private value: number

  constructor(value: number = 0x811c9dc5) {
    this.value = value
  }
  update(chunk: Uint8Array): void {
    for (const byte of chunk) this.value = Math.imul(this.value ^ byte, 0x01000193)
  }
  copy(): Hasher {
    return new Fnv(this.value)
  }
  digest(): string {
    return (this.value >>> 0).toString(16).padStart(8, '0')
  }
}

const ports = { hasher: (): Hasher => new Fnv() }

const scenario: Scenario = only(`scenario: the leader dies
seed: 7
topics: { orders: { partitions: 1, replication.factor: 3, min.insync.replicas: 2 } }
producers:
  checkout: { to: orders, send: { records: 60, every: 1ms }, config: { linger.ms: 0 } }
faults:
  - between: [10ms, 50ms]
    crash: leader(orders-0)
    for: 20s
expect: { exactly-once: holds }
`)

function expecting(lines: readonly Partial<Expectation>[]): Scenario {
  const expect = lines.map(
    (line) =>
      ({
        guarantee: 'exactly-once',
        stage: null,
        subject: null,
        expected: 'holds',
        kinds: [],
        span: null,
        ...line,
      }) as const,
  )
  return { ...scenario, expect }
}

const all = expecting(
  GUARANTEES.filter((guarantee) => guarantee.judged).map((guarantee) => ({ guarantee: guarantee.name })),
)

test('seeds of runs', () => {
  expect([0, 1, 12].map((run) => seedOfRun('abc', run))).toEqual(['abc', 'abc/1', 'abc/12'])
})

describe('a run', () => {
  const result = judgeRun(all, 0, ports)

  test('gives every verdict and breaks no rule of the model', () => {
    const ofReaders = [
      'no-ghosts',
      'order-per-key',
      'atomicity',
      'isolation',
      'fencing',
      'offset-safety',
      'single-owner',
      'state-equivalence',
    ]
    expect(result.verdicts.map((verdict) => `${verdict.guarantee} ${verdict.observed}`)).toEqual(
      all.expect.map(({ guarantee }) => `${guarantee} ${ofReaders.includes(guarantee) ? 'unknown' : 'holds'}`),
    )
    expect(result.breaches).toEqual([])
    expect(result).toMatchObject({ run: 0, seed: '7', ended: 'settled', hadFaults: true, mattered: true, waiting: [] })
    expect(result.faults).toEqual([{ entry: 0, fired: 1, touched: 1 }])
    expect(result.moments['produce.acked']).toBe(60)
  })

  test('is a pure function of scenario and run number', () => {
    expect(judgeRun(all, 0, ports)).toEqual(result)
    const other = judgeRun(all, 1, ports)
    expect(other.seed).toBe('7/1')
    expect(other.digest).not.toBe(result.digest)
  })

  test('is the same whatever is judged and however it is executed', () => {
    expect(judgeRun(expecting([]), 0, ports).digest).toBe(result.digest)
    const { trace, ...rest } = judgeRun(all, 0, ports, { queue: 'wheel', trace: true, freeze: true, copies: true })
    expect(rest).toEqual(result)
    expect(trace?.length).toBeGreaterThan(0)
    expect(result.trace).toBeUndefined()
  })

  test('fills in the stage and says when there is nothing to judge', () => {
    const lines = [
      { stage: 'publish' },
      {},
      { stage: 'consume' },
      { subject: 'nobody' },
      { guarantee: 'durability', subject: 'orders' },
    ] as const
    const verdicts = judgeRun(expecting(lines), 0, ports).verdicts
    expect(verdicts.map(({ stage, observed, reason }) => [stage, observed, reason])).toEqual([
      ['publish', 'holds', null],
      ['end-to-end', 'holds', null],
      ['consume', 'unknown', 'nothing to judge'],
      ['end-to-end', 'unknown', 'nothing to judge'],
      [null, 'holds', null],
    ])
  })
})

test('run 0 of a saved counterexample is the recorded run', () => {
  const replay = { version: '0.1.0', runSeed: '7/3', digest: '', signature: '', bases: {}, overrides: [] }
  const saved = { ...all, replay }
  expect(judgeRun(saved, 0, ports)).toEqual({ ...judgeRun(all, 3, ports), run: 0 })
  expect(judgeRun(saved, 1, ports)).toEqual(judgeRun(all, 1, ports))
  const boring = judgeRun({ ...saved, replay: { ...replay, bases: { latency: 'boring' } } }, 0, ports)
  expect(boring.seed).toBe('7/3')
  expect(boring.digest).not.toBe(judgeRun(saved, 0, ports).digest)
})
