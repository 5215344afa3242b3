import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Stream } from '../../kernel/stream.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { Api, StoreApi } from '../../kafka/protocol/api.ts'
import { nodesOf } from '../../layout.ts'
import type { WorldSpec } from '../../spec.ts'
import { drawChaos, drawChaosInDetail } from '../chaos.ts'
import { problemsOfMatch } from '../match-compiler.ts'
import {
  type ChaosKind,
  type ChaosSpec,
  DISK_KINDS,
  HOSTILE_KINDS,
  ORDINARY_KINDS,
  type PlannedFault,
} from '../plan.ts'
import { FakeWorld } from '../testing/fake-world.ts'
import { producerSpec, readingSpec, topicSpec, transactionalSpec, worldSpec } from '../testing/worlds.ts'
import { WorldNames } from '../world-names.ts'
import { PATTERNS, type PatternName } from './patterns.ts'
import { topologyOf } from './topology.ts'

const KINDS: readonly ChaosKind[] = ORDINARY_KINDS
const ANYTHING: ChaosSpec = { budget: 'beyond', kinds: KINDS, faults: [1, 8] }
const names = Object.keys(PATTERNS) as PatternName[]
const OTHER_WORLDS = [{ spec: readingSpec() }, { spec: transactionalSpec() }]

function draw(chaos: ChaosSpec, spec: WorldSpec, seed: number): readonly PlannedFault[] {
  return drawChaos(chaos, spec, new Stream(String(seed), 'chaos'))
}

/** Every broker that the lossy faults of a plan could hit, counting a symbolic target as a broker of its own. */
function lossyVictims(faults: readonly PlannedFault[], spec: WorldSpec): number {
  const named = new Set<string>()
  let symbolic = 0
  for (const { action } of faults) {
    if (action.kind !== 'power-loss' && action.kind !== 'wipe-disk') continue
    const { target } = action
    if (target.kind === 'role') for (let n = 1; n <= spec.cluster.brokers.length; n++) named.add(`broker-${n}`)
    else if (target.kind === 'application') continue
    else if (target.kind !== 'node') symbolic++
    else if (target.name.startsWith('broker-')) named.add(target.name)
    expect(JSON.stringify(target)).not.toContain('controller')
  }
  return named.size + symbolic
}

const worlds: fc.Arbitrary<{ readonly spec: WorldSpec; readonly minIsr: number }> = fc
  .record({
    brokers: fc.integer({ min: 1, max: 5 }),
    minIsrs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    factor: fc.integer({ min: 1, max: 5 }),
    instances: fc.integer({ min: 1, max: 2 }),
    perfect: fc.boolean(),
  })
  .map(({ brokers, minIsrs, factor, instances, perfect }) => {
    const replicas = Math.min(brokers, factor)
    const topics = minIsrs.map((minIsr, n) => topicSpec(`topic-${n}`, replicas, minIsr))
    const producers = topics.map((topic, n) => producerSpec(`app-${n}`, topic.name, instances))
    return {
      spec: worldSpec({ brokers, topics, producers, perfect }),
      minIsr: Math.min(...minIsrs.map((minIsr) => Math.min(minIsr, replicas))),
    }
  })

describe('drawChaos', () => {
  it('keeps lossy failures within min ISR - 1 brokers', () => {
    let most = 0
    fc.assert(
      fc.property(
        worlds,
        fc.nat(),
        fc.subarray([...KINDS], { minLength: 1 }),
        fc.integer({ min: 0, max: 10 }),
        ({ spec, minIsr }, seed, kinds, faults) => {
          const victims = lossyVictims(
            draw({ budget: 'within-promise', kinds, faults: [faults, faults + 3] }, spec, seed),
            spec,
          )
          most = Math.max(most, victims)
          expect(victims).toBeLessThanOrEqual(minIsr - 1)
        },
      ),
      { numRuns: 1500, seed: 7 },
    )
    expect(most).toBeGreaterThan(1)
  })

  it.each([
    { what: 'crash', crash: ['crash'] as readonly ChaosKind[] },
    { what: 'lose its disk for a while', crash: DISK_KINDS as readonly ChaosKind[] },
  ])('lets no other broker $what beside a lossy failure, and never all replicas of a partition', ({ crash }) => {
    const spec = worldSpec({ brokers: 3, minIsr: 2 })
    let lossyRuns = 0
    let crashRuns = 0
    for (let seed = 1; seed <= 800; seed++) {
      const faults = draw(
        { budget: 'within-promise', kinds: [...crash, 'power-loss', 'wipe-disk'], faults: [1, 6] },
        spec,
        seed,
      )
      const lossy = lossyVictims(faults, spec)
      const crashes = faults.filter(
        ({ action }) => crash.includes(action.kind as ChaosKind) && !JSON.stringify(action).includes('controller'),
      )
      const asLossy = crashes.map(
        (fault) => ({ ...fault, action: { ...fault.action, kind: 'power-loss' } }) as PlannedFault,
      )
      const unclean = lossyVictims([...faults, ...asLossy], spec)
      if (lossy > 0) lossyRuns++
      else if (unclean > 1) crashRuns++
      expect(unclean).toBeLessThanOrEqual(lossy > 0 ? lossy : 2)
    }
    expect(lossyRuns).toBeGreaterThan(50)
    expect(crashRuns).toBeGreaterThan(50)
  })

  it('stops no other broker twice beside a lossy failure: it might not have registered again in between', () => {
    const spec = worldSpec({ brokers: 3, minIsr: 2 })
    const hit = (faults: readonly PlannedFault[], ...kinds: readonly string[]): readonly string[] =>
      faults.flatMap(({ action }) =>
        kinds.includes(action.kind) && 'target' in action && action.target.kind === 'node' ? [action.target.name] : [],
      )
    let twice = 0
    for (let seed = 1; seed <= 800; seed++) {
      const chaos: ChaosSpec = { budget: 'within-promise', kinds: ['stop', 'wipe-disk'], faults: [3, 8] }
      const faults = draw(chaos, spec, seed)
      const stopped = hit(faults, 'stop').filter((name) => name.startsWith('broker-'))
      const again = stopped.filter((name, place) => stopped.indexOf(name) !== place)
      if (again.length > 0) twice++
      if (lossyVictims(faults, spec) > 0) expect(hit(faults, 'wipe-disk')).toEqual(expect.arrayContaining(again))
    }
    expect(twice).toBeGreaterThan(50)
  })

  it('goes beyond when it may', () => {
    const spec = worldSpec({ minIsr: 2 })
    const victims = Array.from({ length: 100 }, (_, seed) => lossyVictims(draw(ANYTHING, spec, seed + 1), spec))
    expect(Math.max(...victims)).toBeGreaterThan(1)
  })

  it('draws what this world has: existing nodes, moments and times, as plain JSON', () => {
    fc.assert(
      fc.property(fc.oneof(worlds, fc.constantFrom(...OTHER_WORLDS)), fc.nat(), ({ spec }, seed) => {
        const faults = draw({ ...ANYTHING, faults: [3, 8] }, spec, seed)
        const known = new Set(nodesOf(spec).map((node) => node.name))
        const applications = new Set(nodesOf(spec).map((node) => node.application))
        expect(JSON.parse(JSON.stringify(faults))).toEqual(faults)
        expect(faults.length).toBeLessThanOrEqual(8)
        for (const fault of faults) {
          expect(fault.entry).toBe(-1)
          expect(fault.forUs === null || (Number.isInteger(fault.forUs) && fault.forUs > 0)).toBe(true)
          if (fault.trigger.kind === 'when')
            expect(problemsOfMatch(fault.trigger.match, new WorldNames(spec))).toEqual([])
          else expect(fault.trigger.atUs >= 0 && Number.isInteger(fault.trigger.atUs)).toBe(true)
          for (const [, name = ''] of JSON.stringify(fault.action).matchAll(/"name":"([^"]*)"/g))
            expect(known.has(name) || applications.has(name)).toBe(true)
        }
      }),
      { numRuns: 500, seed: 7 },
    )
  })

  it('never lets a node of a perfect cluster fail', () => {
    const spec = worldSpec({ brokers: 1, perfect: true })
    let faults = 0
    for (let seed = 1; seed <= 200; seed++) {
      for (const { action } of draw(ANYTHING, spec, seed)) {
        faults++
        if (action.kind === 'partition' || action.kind === 'isolate' || !('target' in action)) continue
        expect(action.target).toEqual({ kind: 'node', name: 'checkout#0' })
      }
    }
    expect(faults).toBeGreaterThan(200)
  })

  it('draws only the kinds that are asked for, each in some run, and as many faults as asked', () => {
    const spec = worldSpec()
    for (const kind of KINDS) {
      const drawn = Array.from({ length: 20 }, (_, seed) =>
        draw({ budget: 'beyond', kinds: [kind], faults: [2, 4] }, spec, seed + 1),
      )
      expect(new Set(drawn.flat().map((fault) => fault.action.kind))).toEqual(new Set([kind]))
      expect(new Set(drawn.map((faults) => faults.length))).toEqual(new Set([2, 3, 4]))
    }
  })

  it('corrupts batches and sets the clocks of everybody, forward and back, where it is hostile', () => {
    const faults = Array.from({ length: 300 }, (_, seed) =>
      draw({ budget: 'hostile', kinds: HOSTILE_KINDS, faults: [2, 4] }, readingSpec(), seed + 1),
    ).flat()
    expect(faults.some(({ action }) => action.kind === 'corrupt')).toBe(true)
    const clocks = faults.flatMap(({ action }) =>
      action.kind === 'clock-jump' || action.kind === 'clock-skew' ? [action] : [],
    )
    for (const kind of ['clock-jump', 'clock-skew'] as const)
      expect(clocks.some((clock) => clock.kind === kind)).toBe(true)
    for (const sign of [-1, 1]) expect(clocks.some(({ byUs }) => Math.sign(byUs) === sign)).toBe(true)
    // A clock that loses a second in every second would stand still.
    for (const { kind, byUs } of clocks) if (kind === 'clock-skew') expect(byUs).toBeGreaterThan(-SECOND)
    const struck = new Set(clocks.map(({ target }) => ('name' in target ? target.name : target.kind)))
    for (const who of ['leader', 'follower', 'active-controller', 'billing#0', 'ledger']) expect(struck).toContain(who)
  })

  it('lets an operator act where it is told to', () => {
    const faults = Array.from({ length: 100 }, (_, seed) =>
      draw({ budget: 'within-promise', kinds: ['admin'], faults: [2, 4] }, worldSpec(), seed + 1),
    ).flat()
    const kinds = new Set(faults.map(({ action }) => action.kind))
    expect(kinds).toEqual(new Set(['elect-leader', 'move-leader', 'reassign']))
    const moves = faults.flatMap(({ action }) => (action.kind === 'reassign' ? action.partitions : []))
    expect(new Set(moves.map(({ to }) => (to === null ? 'cancelled' : new Set(to).size)))).toEqual(
      new Set(['cancelled', 3]),
    )
    expect(faults.every(({ forUs }) => forUs === null)).toBe(true)
    expect(draw({ budget: 'beyond', kinds: ['admin'], faults: [2, 4] }, worldSpec({ perfect: true }), 1)).toEqual([])
  })

  it('is a swarm: no run has every kind, runs differ in kinds', () => {
    const sets = Array.from(
      { length: 60 },
      (_, seed) =>
        new Set(draw({ ...ANYTHING, faults: [30, 30] }, worldSpec(), seed + 1).map((fault) => fault.action.kind)),
    )
    expect(Math.max(...sets.map((set) => set.size))).toBeLessThan(KINDS.length)
    expect(new Set(sets.map((set) => [...set].sort((a, b) => (a < b ? -1 : 1)).join())).size).toBeGreaterThan(40)
  })

  it('waits for moments in about half of the single faults and strikes mostly while work goes on', () => {
    const faults = Array.from({ length: 300 }, (_, seed) =>
      draw({ ...ANYTHING, kinds: ['pause', 'disconnect'] }, worldSpec(), seed + 1),
    ).flat()
    const timed = faults.flatMap((fault) => (fault.trigger.kind === 'at' ? [fault.trigger.atUs] : []))
    expect(timed.length / faults.length).toBeGreaterThan(0.35)
    expect(timed.length / faults.length).toBeLessThan(0.65)
    expect(timed.filter((time) => time <= 11.25 * SECOND).length / timed.length).toBeGreaterThan(0.8)
    expect(Math.max(...timed)).toBeGreaterThan(30 * SECOND)
  })

  it('draws the same from the same seed, and draws every pattern in some run', () => {
    const seen = new Map<PatternName, number>()
    for (let seed = 1; seed <= 1000; seed++) {
      const { patterns, faults } = drawChaosInDetail(ANYTHING, transactionalSpec(), new Stream(String(seed), 'chaos'))
      for (const name of patterns) seen.set(name, (seen.get(name) ?? 0) + 1)
      expect(draw(ANYTHING, transactionalSpec(), seed)).toEqual(faults)
    }
    for (const name of names) expect(seen.get(name) ?? 0, name).toBeGreaterThan(2)
  })

  it('draws the same where nothing reads, whatever there is to say about readers', () => {
    const kinds = new Set<string>()
    for (let seed = 1; seed <= 300; seed++) {
      const text = JSON.stringify(draw(ANYTHING, worldSpec(), seed))
      for (const word of text.matchAll(/StoreWrite|OffsetCommit|"group"|step\.|member|delivered|effect/g))
        kinds.add(word[0])
    }
    expect([...kinds]).toEqual([])
  })

  it('draws the same where nobody writes in transactions, whatever there is to say about them', () => {
    const text = JSON.stringify(Array.from({ length: 300 }, (_, seed) => draw(ANYTHING, readingSpec(), seed + 1)))
    expect(text.match(/txn\.|marker|transaction|Txn|InitProducerId/g)).toBeNull()
  })

  it('holds and loses every message of a transaction, and strikes at its moments', () => {
    const faults = Array.from({ length: 600 }, (_, seed) => draw(ANYTHING, transactionalSpec(), seed + 1)).flat()
    const touched = new Set(faults.flatMap(({ action }) => ('api' in action ? [action.api] : [])))
    const awaited = new Set(faults.flatMap(({ trigger }) => (trigger.kind === 'when' ? [trigger.match.moment] : [])))
    const apis = [
      'InitProducerId',
      'AddPartitionsToTxn',
      'AddOffsetsToTxn',
      'TxnOffsetCommit',
      'EndTxn',
      'WriteTxnMarkers',
    ]
    for (const api of apis) expect(touched, api).toContain(api)
    const moments = ['txn.began', 'txn.ending', 'txn.opened', 'txn.partition-added', 'txn.prepared', 'txn.completed']
    for (const moment of moments) expect(awaited, moment).toContain(moment)
    expect(awaited).toContain('marker.written')
  })

  it('strikes the coordinator of an id that is known before the run, else of any', () => {
    const faults = Array.from({ length: 600 }, (_, seed) => draw(ANYTHING, transactionalSpec(), seed + 1)).flat()
    expect(JSON.stringify(faults)).toContain('"transactionalId":"checkout-0"')
    expect(JSON.stringify(faults)).not.toContain('biller-')
  })

  it('strikes every instance that reads, all of an application, coordinators and stores', () => {
    const struck = new Set<string>()
    for (let seed = 1; seed <= 600; seed++) {
      for (const { action } of draw({ ...ANYTHING, kinds: ['crash', 'pause', 'isolate'] }, readingSpec(), seed)) {
        if (!('target' in action)) continue
        const { target } = action
        const who = 'name' in target ? target.name : 'group' in target ? `coordinator of ${target.group}` : target.kind
        struck.add(`${action.kind} ${who}`)
      }
    }
    for (const kind of ['crash', 'pause', 'isolate']) {
      for (const who of ['billing#1', 'biller#0', 'writer#1', 'writer', 'ledger', 'coordinator of billing'])
        expect(struck).toContain(`${kind} ${who}`)
    }
  })

  it('never ends a store but by a crash of its process, which keeps what it has', () => {
    for (let seed = 1; seed <= 600; seed++) {
      const lossy: ChaosSpec = { ...ANYTHING, kinds: ['power-loss', 'wipe-disk', 'slow-disk', 'stop'] }
      expect(JSON.stringify(draw(lossy, readingSpec(), seed))).not.toContain('ledger')
    }
  })

  it('counts the partitions with positions: by default one of their replicas is enough', () => {
    const chaos: ChaosSpec = { budget: 'within-promise', kinds: ['power-loss', 'wipe-disk'], faults: [1, 4] }
    const safe = readingSpec()
    const brokers = safe.cluster.brokers.map((config) => ({ ...config, 'min.insync.replicas': 2 }))
    const controllerConfig = { ...safe.cluster.controllerConfig, 'min.insync.replicas': 2 }
    const safer = { ...safe, cluster: { ...safe.cluster, brokers, controllerConfig } }
    const victims = (spec: WorldSpec): number =>
      Math.max(...Array.from({ length: 200 }, (_, seed) => lossyVictims(draw(chaos, spec, seed + 1), spec)))
    expect([victims(worldSpec()), victims(safe), victims(safer)]).toEqual([1, 0, 1])
  })

  it('waits for what is read in about a third of the moments, and strikes while it is read', () => {
    const faults = Array.from({ length: 400 }, (_, seed) =>
      draw({ ...ANYTHING, kinds: ['pause', 'disconnect'] }, readingSpec(), seed + 1),
    ).flat()
    const moments = faults.flatMap(({ trigger }) => (trigger.kind === 'when' ? [JSON.stringify(trigger.match)] : []))
    const reading = moments.filter((text) => /delivered|effect|offset|Commit|Store|derived|assigned|group/.test(text))
    expect(reading.length / moments.length).toBeGreaterThan(0.25)
    expect(reading.length / moments.length).toBeLessThan(0.75)
  })

  it('draws nothing, rather than hanging, where there is nothing to draw', () => {
    expect(
      draw(
        { budget: 'within-promise', kinds: ['power-loss'], faults: [3, 3] },
        worldSpec({ minIsr: 1, producers: [] }),
        1,
      ),
    ).toEqual([])
    expect(draw({ ...ANYTHING, kinds: [] }, worldSpec(), 1)).toEqual([])
  })
})

describe('swizzled partitions', () => {
  it('cut brokers off one by one until all are, and heal them one by one in an order of their own', () => {
    const topology = topologyOf(worldSpec({ brokers: 5 }))
    let others = 0
    for (let seed = 1; seed <= 100; seed++) {
      const faults = PATTERNS.swizzledPartitions.draw(
        { topic: 'orders', partition: 0 },
        topology,
        new Stream(String(seed), 'swizzle'),
      )
      const cuts = faults.map(({ trigger }) => (trigger.kind === 'at' ? trigger.atUs : Number.NaN))
      const heals = faults.map(({ forUs }, place) => (cuts[place] as number) + (forUs ?? Number.NaN))
      expect(new Set(faults.map(({ action }) => JSON.stringify(action))).size).toBe(faults.length)
      expect(new Set(heals).size).toBe(faults.length)
      expect(Math.min(...heals)).toBeGreaterThan(Math.max(...cuts))
      if (heals.some((heal, place) => place > 0 && heal < (heals[place - 1] as number))) others++
    }
    expect(others).toBeGreaterThan(50)
  })
})

describe('patterns', () => {
  const spec = transactionalSpec()
  const topology = topologyOf(spec)
  const nodes = nodesOf(spec).map(({ name }) => name)
  const at = (name: string): number => nodes.indexOf(name)

  it.each(names)('%s: every fault of it fires and touches something', (name) => {
    const pattern = PATTERNS[name]
    const outcomes = Array.from({ length: 10 }, (_, seed) => {
      const faults = pattern.draw({ topic: 'orders', partition: 0 }, topology, new Stream(String(seed + 1), 'pattern'))
      expect(new Set(faults.map((fault) => fault.action.kind))).toEqual(new Set(pattern.kinds))
      return outcomeOf(faults)
    })
    expect(Math.max(...outcomes)).toBe(1)
  })

  /** Share of the faults that touched something, in a world where everybody talks to everybody all the time. */
  function outcomeOf(faults: readonly PlannedFault[]): number {
    // Each fault becomes an entry of its own, and a moment's nth match is the first: this world has few of them.
    const plan = faults.map((fault, entry) => ({
      ...fault,
      entry,
      trigger: fault.trigger.kind === 'when' ? { ...fault.trigger, nth: 1 } : fault.trigger,
      action: soon(fault.action),
    }))
    const world = new FakeWorld(spec, plan)
    for (let time = 10 * MILLISECOND; time < 60 * SECOND; time += 200 * MILLISECOND) {
      for (let from = 0; from < 5; from++)
        for (let to = from + 1; to < 5; to++) world.talk(time, from, to, from === 0 ? 63 : 1)
      world.talk(time, 1, at('billing#0'), Api.OffsetCommit)
      world.talkBack(time, 1, at('billing#0'), Api.OffsetCommit)
      for (const api of [Api.Produce, Api.InitProducerId, Api.AddPartitionsToTxn, Api.EndTxn]) {
        world.talk(time, 4, 1, api)
        world.talkBack(time, 1, 4, api)
      }
      for (const api of [Api.AddOffsetsToTxn, Api.TxnOffsetCommit]) world.talk(time, at('biller#0'), 1, api)
      world.talk(time, 2, 1, Api.WriteTxnMarkers)
      world.talkBack(time, 1, 2, Api.WriteTxnMarkers)
      world.talkBack(time, at('ledger'), at('writer#0'), StoreApi.StoreWrite)
      world.talkBack(time, 1, 4, 0)
      world.talkBack(time, 1, 2, 1)
      world.talkBack(time, 1, 3, 1)
      world.append(time)
    }
    world.runUntil(60 * SECOND)
    return world.injector.outcomes().filter((outcome) => outcome.touched > 0).length / faults.length
  }

  function soon(action: PlannedFault['action']): PlannedFault['action'] {
    return action.kind === 'drop' || action.kind === 'delay' ? { ...action, nth: 1 } : action
  }
})
