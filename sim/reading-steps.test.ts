import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M, momentOfKind } from './history/catalogue.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { consumer, processor, sink, store } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { waitingInWords } from './waiting.ts'
import { runWorld, type WorldResult } from './world.ts'

const TOPIC = world().topics[0] as WorldSpec['topics'][number]
const ORDERS = { ...TOPIC, partitions: 1 }
const BILLS = { ...TOPIC, name: 'bills', partitions: 1 }
const RECORDS = 6
const producers = [
  producer('checkout', 'orders', {
    workload: { kind: 'send', records: RECORDS, every: constant(MILLISECOND), keys: 0, size: 100, transactions: null },
  }),
]
/** The node that reads: controller, three brokers, the producer, then it. */
const READER = 5
const STORE = 6
const WATCHED = [
  M.workStarted,
  M.stepBeforeOutput,
  M.recordDerived,
  M.recordSent,
  M.produceAcked,
  M.effectApplied,
  M.effectRefused,
  M.stepAfterOutput,
  M.stepBeforeCommit,
  M.offsetCommitted,
  M.stepAfterCommit,
]

/** What happened, a word each, with the record's ordinal or the committed offset. */
function story(
  spec: WorldSpec,
  plan: FaultPlan = neverAtAStep(),
): { readonly words: string[]; readonly result: WorldResult } {
  const words: string[] = []
  const result = runWorld(spec, plan, 's', {
    hasher: new TestHasher(),
    freeze: true,
    observers: [
      {
        kinds: WATCHED,
        onMoment: (kind, _time, node, a, _b, c) => {
          if (node < READER && kind !== M.offsetCommitted) return
          const name = momentOfKind(kind)?.name ?? ''
          const isCommit = kind === M.stepBeforeCommit || kind === M.stepAfterCommit
          words.push(isCommit ? name : `${name} ${kind === M.offsetCommitted ? c : a & 0xfffff}`)
        },
      },
    ],
  })
  return { words, result }
}

/** A fault that waits for a step that never comes: so steps are told, and nothing else happens. */
function neverAtAStep(): FaultPlan {
  return atStep('step.before-output', 1_000_000)
}

function atStep(moment: string, nth: number, name = 'reader#0'): FaultPlan {
  return [
    {
      entry: 0,
      forUs: 2 * SECOND,
      trigger: {
        kind: 'when',
        match: { moment, fields: { node: name } },
        nth,
        afterUs: 0,
        everyMatch: false,
        times: null,
      },
      action: { kind: 'crash', target: { kind: 'node', name } },
    },
  ]
}

const RUN = { forUs: 60 * SECOND, thenHealUs: null, maxEvents: 1_000_000 }
const reading = (overrides: Parameters<typeof consumer>[2]): WorldSpec =>
  world({ topics: [ORDERS], producers, consumers: [consumer('reader', 'orders', overrides)], run: RUN })

describe('the order of steps', () => {
  test('after-processing, record by record: work, effect, commit', () => {
    const { words } = story(reading({ commitEvery: 'record' }))
    expect(words.slice(0, 14)).toEqual([
      ...['work.started 0', 'step.before-output 0', 'effect.applied 0', 'step.after-output 0'],
      ...['step.before-commit', 'offset.committed 1', 'step.after-commit'],
      ...['work.started 1', 'step.before-output 1', 'effect.applied 1', 'step.after-output 1'],
      ...['step.before-commit', 'offset.committed 2', 'step.after-commit'],
    ])
  })

  test('before-processing commits first', () => {
    const { words } = story(reading({ commit: 'before-processing', commitEvery: 'record' }))
    expect(words.slice(0, 7)).toEqual([
      ...['step.before-commit', 'offset.committed 1', 'step.after-commit'],
      ...['work.started 0', 'step.before-output 0', 'effect.applied 0', 'step.after-output 0'],
    ])
  })

  test('once per poll, and every n records with what is left over when nothing more comes', () => {
    const offsets = (commitEvery: 'poll' | number): readonly string[] =>
      story(reading({ commitEvery })).words.filter((word) => word.startsWith('offset.committed'))
    expect(offsets('poll')).toEqual(['offset.committed 6'])
    expect(offsets(4)).toEqual(['offset.committed 4', 'offset.committed 6'])
  })

  test('an asynchronous commit is not waited for', () => {
    const { words } = story(reading({ commitEvery: 'record', commitCall: 'async' }))
    expect(words.slice(4, 8)).toEqual([
      'step.before-commit',
      'step.after-commit',
      'work.started 1',
      'step.before-output 1',
    ])
    expect(words.filter((word) => word.startsWith('offset.committed')).at(-1)).toBe('offset.committed 6')
  })

  test('handed off, workers work at the same time and positions are committed at once', () => {
    const { words } = story(
      reading({ handling: { kind: 'hand-off', workers: 3 }, process: constant(20 * MILLISECOND) }),
    )
    expect(words.slice(0, 3)).toEqual(['work.started 0', 'work.started 1', 'work.started 2'])
    expect(words.indexOf('offset.committed 6')).toBeLessThan(words.indexOf('effect.applied 0'))
    expect(words.filter((word) => word.startsWith('effect.applied'))).toHaveLength(RECORDS)
  })

  test('a processor derives, sends and commits when everything is acknowledged', () => {
    const spec = world({
      topics: [ORDERS, BILLS],
      producers,
      processors: [
        processor('reader', 'orders', 'bills', { transform: { kind: 'fan-out', count: 2 }, commitEvery: 'record' }),
      ],
      run: RUN,
    })
    const { words } = story(spec)
    expect(words.slice(0, 10)).toEqual([
      ...[
        'work.started 0',
        'step.before-output 0',
        'record.derived 0',
        'record.sent 0',
        'record.derived 1',
        'record.sent 1',
      ],
      ...['produce.acked 0', 'produce.acked 1', 'step.after-output 0', 'step.before-commit'],
    ])
  })

  test('a sink writes a unit in one transaction; with-output the transaction is the commit', () => {
    const spec = world({
      topics: [ORDERS],
      producers,
      stores: [store('ledger')],
      sinks: [sink('reader', 'orders', 'ledger', { commit: 'with-output', commitEvery: 2 })],
      run: RUN,
    })
    const { words } = story(spec)
    expect(words.slice(0, 10)).toEqual([
      ...['work.started 0', 'work.started 1'],
      ...['step.before-output 0', 'step.before-output 1', 'step.before-commit'],
      ...['effect.applied 0', 'effect.applied 1'],
      ...['step.after-output 0', 'step.after-output 1', 'step.after-commit'],
    ])
    expect(words.some((word) => word.startsWith('offset.committed'))).toBe(false)
  })
})

describe('a process dies between two steps', () => {
  const effects = (words: readonly string[], ordinal: number): number =>
    words.filter((word) => word === `effect.applied ${ordinal}`).length

  test('before the output nothing is done yet: committed before, the record is lost; after, it is done later', () => {
    const before = story(
      reading({ commit: 'before-processing', commitEvery: 'record' }),
      atStep('step.before-output', 3),
    )
    expect(before.result.faults).toEqual([{ entry: 0, fired: 1, touched: 1 }])
    expect([0, 1, 2, 3, 4, 5].map((ordinal) => effects(before.words, ordinal))).toEqual([1, 1, 0, 1, 1, 1])
    const after = story(reading({ commitEvery: 'record' }), atStep('step.before-output', 3))
    expect([0, 1, 2, 3, 4, 5].map((ordinal) => effects(after.words, ordinal))).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('after the output and before the commit the record is done again', () => {
    const { words } = story(reading({ commitEvery: 'record' }), atStep('step.after-output', 3))
    expect([0, 1, 2, 3, 4, 5].map((ordinal) => effects(words, ordinal))).toEqual([1, 1, 2, 1, 1, 1])
  })

  test('handed off, what was committed and not finished is lost', () => {
    const { words, result } = story(
      reading({ handling: { kind: 'hand-off', workers: 2 }, process: constant(SECOND) }),
      atStep('step.before-output', 3),
    )
    expect(result.ended).toBe('settled')
    expect([0, 1, 2, 3, 4, 5].map((ordinal) => effects(words, ordinal))).toEqual([1, 1, 0, 0, 0, 0])
  })

  test('a sink that dies after its transaction writes it again, unless the store knows the position', () => {
    const sinking = (commit: 'after-output' | 'with-output'): readonly number[] => {
      const spec = world({
        topics: [ORDERS],
        producers,
        stores: [store('ledger')],
        sinks: [sink('reader', 'orders', 'ledger', { commit, commitEvery: 2 })],
        run: RUN,
      })
      const { words, result } = story(spec, atStep('step.after-output', 3))
      expect(result.ended).toBe('settled')
      expect(result.faults).toEqual([{ entry: 0, fired: 1, touched: 1 }])
      return [0, 1, 2, 3, 4, 5].map((ordinal) => effects(words, ordinal))
    }
    expect(sinking('after-output')).toEqual([1, 1, 2, 2, 1, 1])
    expect(sinking('with-output')).toEqual([1, 1, 1, 1, 1, 1])
  })
})

describe('zombies at a store', () => {
  /** The writer that has the partition is paused with a unit in hand, until the other one has taken over and gone on. */
  const zombie = (fence: 'none' | 'generation'): { readonly words: readonly string[]; readonly refused: number } => {
    const spec = world({
      topics: [ORDERS],
      producers,
      stores: [store('ledger')],
      sinks: [
        sink('reader', 'orders', 'ledger', {
          commit: 'with-output',
          fence,
          instances: 2,
          process: constant(500 * MILLISECOND),
        }),
      ],
      run: RUN,
    })
    const pause = (name: string): FaultPlan[number] => ({
      entry: 0,
      forUs: 25 * SECOND,
      trigger: { kind: 'at', atUs: 8 * SECOND },
      action: { kind: 'pause', target: { kind: 'node', name } },
    })
    // One of the two has the only partition.
    for (const name of ['reader#0', 'reader#1']) {
      const { words, result } = story(spec, [pause(name)])
      expect(result.ended).toBe('settled')
      const refused = words.filter((word) => word.startsWith('effect.refused')).length
      const applied = words.filter((word) => word.startsWith('effect.applied')).length
      if (refused > 0 || applied > RECORDS) return { words, refused }
    }
    return { words: [], refused: 0 }
  }

  test('the generation fence refuses what a paused member writes after it was replaced; without it rows double', () => {
    expect(zombie('none').words.filter((word) => word.startsWith('effect.applied')).length).toBeGreaterThan(RECORDS)
    const fenced = zombie('generation')
    expect(fenced.refused).toBeGreaterThan(0)
    expect(fenced.words.filter((word) => word.startsWith('effect.applied'))).toHaveLength(RECORDS)
  })
})

describe('what ends an application', () => {
  test('without a committed offset and a reset policy poll() throws: the application ends, and says so', () => {
    const spec = world({
      topics: [ORDERS],
      producers,
      consumers: [consumer('reader', 'orders', {}, { 'auto.offset.reset': 'none' })],
      run: { ...RUN, thenHealUs: 20 * SECOND },
    })
    const { result } = story(spec, [])
    expect(result.ended).toBe('heal-limit')
    expect(result.waiting.map(waitingInWords)).toContain(
      'reader#0 waits for a restart, because poll() failed: no-offset',
    )
  })

  test('`stop:` ends a consumer in good order, and nobody waits for it', () => {
    const spec = world({
      topics: [ORDERS],
      producers,
      consumers: [consumer('reader', 'orders', { stopUs: 10 * SECOND })],
      run: RUN,
    })
    const { result, words } = story(spec, [])
    expect(result.waiting).toEqual([])
    expect(words.filter((word) => word.startsWith('effect.applied'))).toHaveLength(RECORDS)
  })

  test('auto-commit: the world waits for the last position to be committed', () => {
    const spec = world({
      topics: [ORDERS],
      producers,
      consumers: [consumer('reader', 'orders', { commit: 'auto' }, { 'enable.auto.commit': true })],
      run: RUN,
    })
    const { result, words } = story(spec, [])
    expect(result.ended).toBe('settled')
    expect(words.filter((word) => word.startsWith('offset.committed')).at(-1)).toBe('offset.committed 6')
  })

  test('a store that is stopped and started again serves those who wait', () => {
    const spec = world({
      topics: [ORDERS],
      producers,
      stores: [store('ledger')],
      sinks: [sink('reader', 'orders', 'ledger')],
      run: RUN,
    })
    const { result, words } = story(spec, [
      {
        entry: 0,
        forUs: 5 * SECOND,
        trigger: { kind: 'at', atUs: 2 * SECOND },
        action: { kind: 'stop', target: { kind: 'application', name: 'ledger' } },
      },
    ])
    expect(result.faults).toEqual([{ entry: 0, fired: 1, touched: 1 }])
    expect(result.counts['node.stopped']).toBe(1)
    expect(words.filter((word) => word.startsWith('effect.applied'))).toHaveLength(RECORDS)
    expect(STORE).toBe(READER + 1)
  })
})
