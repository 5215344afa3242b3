import { describe, expect, it } from 'vitest'
import { M } from '../history/catalogue.ts'
import { recordOf, tpOf } from '../history/ids.ts'
import { cloneGraph } from '../kernel/clone.ts'
import { constant } from '../kernel/spread.ts'
import { MILLISECOND, SECOND } from '../kernel/time.ts'
import { RESET } from '../network/connection.ts'
import type { Action, FaultPlan, PlannedFault, Target } from './plan.ts'
import { at, FakeWorld, type Happening } from './testing/fake-world.ts'
import { worldSpec } from './testing/worlds.ts'

// Nodes: 0 controller-1, 1..3 brokers, 4 checkout#0.
const spec = worldSpec()
const node = (name: string): Target => ({ kind: 'node', name })
const BROKER_1 = node('broker-1')
const BROKER_2 = node('broker-2')
const LEADER: Target = { kind: 'leader', topic: 'orders', partition: 0 }
const FETCH = 1
const ANY_MESSAGE = { from: null, to: null, api: null, reply: false, nth: 1, count: null, connection: 'any' } as const

function run(plan: FaultPlan, until: number, prepare: (world: FakeWorld) => void = () => {}): FakeWorld {
  const world = new FakeWorld(spec, plan)
  prepare(world)
  world.runUntil(until * SECOND)
  return world
}

const seconds = (happenings: readonly Happening[], who?: number): readonly number[] =>
  happenings.filter((one) => one.time > 0 && (who === undefined || one.node === who)).map((one) => one.time / SECOND)

describe('Injector: faults of nodes', () => {
  it.each([
    ['crash', M.nodeCrashed],
    ['power-loss', M.nodePowerLost],
    ['wipe-disk', M.diskWiped],
  ] as const)('%s ends with a restart', (kind, moment) => {
    const world = run([at(2, { kind, target: BROKER_1 }, 3)], 10)
    expect(seconds(world.happened(moment))).toEqual([2])
    expect(seconds(world.happened(M.nodeStarted))).toEqual([5])
    expect(seconds(world.happened(M.faultFired))).toEqual([2])
    expect(seconds(world.happened(M.faultEnded))).toEqual([5])
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 1 }])
    expect(world.injector.mattered).toBe(true)
  })

  it('lasts until healing without a duration', () => {
    const world = run([at(2, { kind: 'crash', target: BROKER_1 })], 10)
    expect(world.isUp(1)).toBe(false)
    world.injector.healAll()
    expect(seconds(world.happened(M.nodeStarted))).toEqual([10])
    expect(seconds(world.happened(M.faultEnded))).toEqual([10])
  })

  it('keeps a node down for the union of overlapping faults', () => {
    const world = run(
      [
        at(2, { kind: 'crash', target: BROKER_1 }, 3),
        at(4, { kind: 'power-loss', target: BROKER_1 }, 4),
        at(8, { kind: 'stop', target: BROKER_1 }, 1),
      ],
      20,
    )
    expect(seconds(world.happened(M.nodeStarted))).toEqual([9])
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 3, touched: 1 }])
  })

  it('pauses for the union of overlapping pauses', () => {
    const world = run(
      [at(2, { kind: 'pause', target: BROKER_1 }, 3), at(4, { kind: 'pause', target: BROKER_1 }, 5)],
      20,
    )
    expect(seconds(world.happened(M.nodePaused))).toEqual([2])
    expect(seconds(world.happened(M.nodeResumed))).toEqual([9])
  })

  it('does not let a pause outlive its process', () => {
    const world = run(
      [
        at(2, { kind: 'pause', target: BROKER_1 }, 9),
        at(3, { kind: 'crash', target: BROKER_1 }, 1),
        at(5, { kind: 'pause', target: BROKER_1 }, 1),
      ],
      20,
    )
    expect(seconds(world.happened(M.nodePaused))).toEqual([2, 5])
    expect(seconds(world.happened(M.nodeResumed))).toEqual([11])
    expect(seconds(world.happened(M.nodeStarted))).toEqual([4])
  })

  it('starts a stopped node again, also when its shutdown outlasts the fault', () => {
    expect(seconds(run([at(2, { kind: 'stop', target: BROKER_1 }, 3)], 10).happened(M.nodeStarted))).toEqual([5])
    const slow = run([at(2, { kind: 'stop', target: BROKER_1 }, 3)], 20, (world) => (world.shutdownUs = 7 * SECOND))
    expect(seconds(slow.happened(M.nodeStopped))).toEqual([9])
    expect(seconds(slow.happened(M.nodeStarted))).toEqual([9])
  })

  it('starts a node that is still shutting down when healing begins', () => {
    const world = run([at(2, { kind: 'stop', target: BROKER_1 })], 3, (one) => (one.shutdownUs = 7 * SECOND))
    world.injector.healAll()
    world.runUntil(20 * SECOND)
    expect(seconds(world.happened(M.nodeStarted))).toEqual([9])
  })

  it('slows a disk as the newest fault says, for the union', () => {
    const slow = (ms: number): Action => ({ kind: 'slow-disk', target: BROKER_1, by: constant(ms * MILLISECOND) })
    const world = run([at(2, slow(10), 6), at(3, slow(20), 2)], 20)
    const lengths = world.disks.map(([time, who, by]) => [time / SECOND, who, by === null ? null : by])
    expect(lengths).toEqual([
      [2, 1, constant(10_000)],
      [3, 1, null],
      [3, 1, constant(20_000)],
      [5, 1, null],
      [5, 1, constant(10_000)],
      [8, 1, null],
    ])
    expect(world.happened(M.diskSlow).map((one) => one.a)).toEqual([10_000, 20_000])
  })

  it('starts a process again that halted with its disk, when no fault makes the disk fail and none keeps it down', () => {
    const full = (forSeconds: number): PlannedFault[] => [
      at(2, { kind: 'disk-full', target: BROKER_1, directory: null }, forSeconds),
    ]
    const halts = (second: number) => (world: FakeWorld) => {
      world.runUntil(second * SECOND)
      world.recorder.emit(M.logDirFailed, 1, 0, 0, 0, 0)
      world.crash(1)
      world.injector.onHalted(1)
    }
    const started = (plan: PlannedFault[], second: number): readonly number[] => {
      const world = run(plan, 0)
      halts(second)(world)
      world.runUntil(30 * SECOND)
      return seconds(world.happened(M.nodeStarted))
    }
    expect(started(full(6), 3)).toEqual([8])
    expect(started(full(6), 9)).toEqual([9])
    const two = [...full(6), at(4, { kind: 'disk-error', target: BROKER_1, of: 'reads', directory: null }, 8)]
    expect(started(two, 5)).toEqual([12])
    expect(started([...full(6), at(7, { kind: 'crash', target: BROKER_1 }, 8)], 3)).toEqual([15])
  })

  it('restarts at healing, in good order, what goes on without a part of its storage', () => {
    const world = run([at(1, { kind: 'disk-full', target: BROKER_1, directory: '/data/b' }, 1)], 3)
    world.impaired.push(1)
    world.injector.healAll()
    expect(world.injector.isAwaitingStart).toBe(true)
    world.impaired.splice(0)
    world.runUntil(20 * SECOND)
    expect(seconds(world.happened(M.nodeStarted))).toEqual([3.02])
    expect(world.injector.isAwaitingStart).toBe(false)
  })

  it('counts a disk that fails as touched when an operation has failed', () => {
    const plan = [at(2, { kind: 'disk-full', target: BROKER_1, directory: null }, 6)]
    expect(run(plan, 10).injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 0 }])
    const world = run(plan, 3)
    world.recorder.emit(M.logDirFailed, 2, 0, 0, 0, 0)
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 0 }])
    world.recorder.emit(M.logDirFailed, 1, 0, 0, 0, 0)
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 1 }])
  })

  it('heals disks before anything is started', () => {
    const world = run(
      [
        at(1, { kind: 'crash', target: BROKER_1 }),
        at(2, { kind: 'disk-error', target: BROKER_1, of: 'everything', directory: '/data/b' }),
      ],
      3,
    )
    expect(world.failing).toEqual(['1 7 /data/b'])
    world.injector.healAll()
    expect(world.failing).toEqual([])
    expect(seconds(world.happened(M.nodeStarted))).toEqual([3])
  })

  it('sets the clock of a host, which outlives its processes, and sets it right when its time is over', () => {
    const jump = (byUs: number): Action => ({ kind: 'clock-jump', target: BROKER_1, byUs })
    const crash: Action = { kind: 'crash', target: BROKER_1 }
    const world = run([at(2, jump(-60 * SECOND), 6), at(3, jump(5 * SECOND), 2), at(4, crash, 2)], 2)
    const error = (second: number): number => {
      world.runUntil(second * SECOND)
      return (world.kernel.wallClock(1) - world.kernel.now) / SECOND
    }
    expect([2.5, 3.5, 4.5, 5.5, 7, 9].map(error)).toEqual([-60, -55, -55, -60, -60, 0])
    expect(world.kernel.wallClock(2)).toBe(world.kernel.now)
  })

  it('lets a clock run fast until healing, and then it is right', () => {
    const world = run([at(2, { kind: 'clock-skew', target: BROKER_1, byUs: 100 * MILLISECOND })], 12)
    expect(world.kernel.wallClock(1)).toBe(13 * SECOND)
    world.injector.healAll()
    expect(world.kernel.wallClock(1)).toBe(12 * SECOND)
  })

  it('finds its target when it fires, not before', () => {
    const world = run([at(2, { kind: 'crash', target: LEADER }), at(3, { kind: 'crash', target: LEADER })], 10)
    expect(world.happened(M.nodeCrashed).map((one) => one.node)).toEqual([1, 2])
  })

  it('touches nothing when nobody leads, and what is down already', () => {
    const world = run(
      [
        at(2, { kind: 'crash', target: LEADER }, 1),
        at(3, { kind: 'crash', target: BROKER_2 }),
        at(4, { kind: 'crash', target: BROKER_2 }),
      ],
      10,
      (one) => (one.leaderless = true),
    )
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 3, touched: 1 }])
    expect(world.happened(M.faultFired).map((one) => one.node)).toEqual([-1, 2, 2])
  })
})

describe('Injector: faults of the network', () => {
  it('partitions both ways between groups and sends what was held afterwards', () => {
    const world = run(
      [at(2, { kind: 'partition', groups: [[BROKER_1], [BROKER_2, node('broker-3')]] }, 3)],
      10,
      (one) => {
        one.talk(2.5 * SECOND, 1, 2)
        one.talk(2.5 * SECOND, 1, 4)
      },
    )
    expect(world.happened(M.linkCut).map((one) => [one.a, one.b])).toEqual([
      [1, 2],
      [1, 3],
      [2, 1],
      [3, 1],
    ])
    expect(seconds(world.happened(M.linkHealed))).toEqual([5, 5, 5, 5])
    expect([world.node(2).received.length, world.node(4).received.length]).toEqual([1, 1])
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 1 }])
  })

  it('is not touched when nothing was held', () => {
    const world = run([at(2, { kind: 'partition', groups: [[BROKER_1], [{ kind: 'role', role: 'rest' }]] }, 3)], 10)
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 0 }])
    expect(world.injector.mattered).toBe(false)
  })

  it('isolates one way: what it sends is held, what it receives arrives', () => {
    const world = run([at(2, { kind: 'isolate', target: BROKER_2, direction: 'out', from: null })], 10, (one) => {
      one.talk(3 * SECOND, 2, 3)
      one.talk(3 * SECOND, 1, 2)
    })
    expect([world.node(3).received.length, world.node(2).received.length]).toEqual([0, 1])
    world.injector.healAll()
    world.runUntil(11 * SECOND)
    expect(world.node(3).received).toHaveLength(1)
  })

  it('isolates from one node only', () => {
    const world = run([at(2, { kind: 'isolate', target: BROKER_2, direction: 'both', from: node('controller-1') })], 10)
    expect(world.happened(M.linkCut).map((one) => [one.a, one.b])).toEqual([
      [2, 0],
      [0, 2],
    ])
  })

  it('heals a pair only when its last fault ends', () => {
    const cut = (from: number, length: number): PlannedFault =>
      at(from, { kind: 'isolate', target: BROKER_2, direction: 'in', from: BROKER_1 }, length)
    const world = run([cut(2, 3), cut(4, 4)], 20)
    expect(seconds(world.happened(M.linkCut))).toEqual([2])
    expect(seconds(world.happened(M.linkHealed))).toEqual([8])
  })

  it('delays the messages it is about, and no other', () => {
    const delay: Action = {
      kind: 'delay',
      by: constant(5 * SECOND),
      ...ANY_MESSAGE,
      from: BROKER_1,
      to: BROKER_2,
      api: 'Fetch',
    }
    const world = run([at(2, delay, 1)], 4, (one) => {
      one.talk(2.5 * SECOND, 1, 3, FETCH)
      one.talk(1.5 * SECOND, 1, 2, FETCH)
      one.talk(2.5 * SECOND, 1, 2, FETCH)
    })
    expect([world.node(3).received.length, world.node(2).received.length]).toEqual([1, 1])
    world.runUntil(8 * SECOND)
    expect(world.node(2).received).toHaveLength(2)
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 1 }])
    expect(world.injector.mattered).toBe(true)
  })

  it('keeps to the connection of its first message when it says so', () => {
    const delay: Action = {
      kind: 'delay',
      by: constant(50 * SECOND),
      ...ANY_MESSAGE,
      from: BROKER_1,
      connection: 'same',
    }
    const world = run([at(2, delay)], 10, (one) => {
      one.talk(3 * SECOND, 1, 2)
      one.talk(4 * SECOND, 1, 3)
      one.talk(5 * SECOND, 1, 2)
    })
    expect([2, 3].map((who) => world.node(who).received.length)).toEqual([0, 1])
  })

  it('counts a held message for the faults that cut its way only', () => {
    const cut = (entry: number, one: Target, other: Target): PlannedFault => ({
      ...at(2, { kind: 'isolate', target: one, direction: 'both', from: other }),
      entry,
    })
    const world = run(
      [cut(0, BROKER_1, BROKER_2), cut(1, node('broker-3'), BROKER_2), cut(2, BROKER_2, node('broker-1'))],
      10,
      (one) => one.talk(3 * SECOND, 1, 2),
    )
    expect(world.injector.outcomes().map((outcome) => outcome.touched)).toEqual([1, 0, 1])
  })

  it('drops as many messages as it says, then is over', () => {
    const drop: Action = { kind: 'drop', ...ANY_MESSAGE, from: BROKER_1, nth: 2, count: 1 }
    const world = run([at(2, drop)], 10, (one) => {
      one.talk(3 * SECOND, 1, 2)
      one.talk(4 * SECOND, 1, 3)
      one.talk(5 * SECOND, 1, 4)
    })
    expect([2, 3, 4].map((who) => world.node(who).received.length)).toEqual([1, 0, 1])
    expect(seconds(world.happened(M.faultEnded))).toEqual([4])
    expect(world.node(3).signals).toContain(RESET)
  })

  it('takes no message any more once it ended', () => {
    const world = run([at(2, { kind: 'drop', ...ANY_MESSAGE }, 1)], 10, (one) => one.talk(4 * SECOND, 1, 2))
    expect(world.node(2).received).toHaveLength(1)
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 0 }])
  })

  it('resets connections between two targets', () => {
    const world = run(
      [
        at(2, {
          kind: 'disconnect',
          between: [
            { kind: 'role', role: 'brokers' },
            { kind: 'role', role: 'brokers' },
          ],
        }),
      ],
      10,
    )
    expect([1, 2, 3, 4].map((who) => world.node(who).signals.filter((signal) => signal === RESET).length)).toEqual([
      2, 2, 2, 0,
    ])
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 1 }])
    world.runUntil(11 * SECOND)
    world.injector.healAll()
  })
})

describe('Injector: triggers, ends and healing', () => {
  it('fires at a moment, after a delay, and ends after its duration', () => {
    const plan: FaultPlan = [
      at(2, { kind: 'crash', target: LEADER }, 10),
      {
        entry: 1,
        forUs: SECOND,
        action: { kind: 'pause', target: LEADER },
        trigger: {
          kind: 'when',
          match: { moment: 'leader.elected', fields: { topic: 'orders' } },
          nth: 1,
          everyMatch: false,
          times: null,
          afterUs: 5 * MILLISECOND,
        },
      },
    ]
    const world = run(plan, 10)
    expect(world.happened(M.nodePaused).map((one) => [one.time, one.node])).toEqual([[2_005_000, 2]])
    expect(seconds(world.happened(M.nodeResumed))).toEqual([3.005])
    expect(world.injector.outcomes()).toEqual([
      { entry: 0, fired: 1, touched: 1 },
      { entry: 1, fired: 1, touched: 1 },
    ])
  })

  it('is spent when every fault has fired', () => {
    const world = run(
      [at(2, { kind: 'crash', target: BROKER_1 }, 30), at(5, { kind: 'crash', target: BROKER_2 }, 30)],
      3,
    )
    expect(world.injector.spent()).toBe(false)
    world.runUntil(6 * SECOND)
    expect(world.injector.spent()).toBe(true)
  })

  it('lets endless faults stop with the work', () => {
    const crash = { kind: 'crash', target: BROKER_1 } as const
    const plan: FaultPlan = [4, 8].map((s) => ({
      ...at(s, crash, 1),
      trigger: { kind: 'at', atUs: s * SECOND, whileWork: true },
    }))
    const world = run(plan, 6)
    expect(world.injector.spent()).toBe(false)
    world.done = true
    expect(world.injector.spent()).toBe(true)
    world.runUntil(10 * SECOND)
    expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 1 }])
  })

  it('waits for a moment of the scenario, not for one of the generator, once the work is done', () => {
    const waiting = (entry: number): PlannedFault => ({
      entry,
      forUs: null,
      action: { kind: 'crash', target: BROKER_1 },
      trigger: {
        kind: 'when',
        match: { moment: 'log.truncated', fields: {} },
        nth: 1,
        everyMatch: false,
        times: null,
        afterUs: 0,
      },
    })
    const spent = (entry: number): boolean => {
      const world = run([waiting(entry)], 5)
      world.done = true
      return world.injector.spent()
    }
    expect(spent(0)).toBe(false)
    expect(spent(-1)).toBe(true)
  })

  it('heals everything, lets nothing else fire, and leaves nothing waiting', () => {
    const world = run(
      [
        at(1, { kind: 'crash', target: BROKER_1 }, 500),
        at(1, { kind: 'pause', target: BROKER_2 }),
        at(2, { kind: 'crash', target: node('controller-1') }),
        at(1, { kind: 'isolate', target: node('broker-3'), direction: 'both', from: null }, 500),
        at(1, { kind: 'drop', ...ANY_MESSAGE }),
        at(50, { kind: 'crash', target: BROKER_1 }),
        {
          ...at(0, { kind: 'crash', target: BROKER_1 }),
          trigger: {
            kind: 'when',
            match: { moment: 'node.started', fields: {} },
            nth: 1,
            everyMatch: true,
            times: null,
            afterUs: 0,
          },
        },
      ],
      5,
    )
    world.injector.healAll()
    expect([0, 1, 2, 3, 4].every((who) => world.isUp(who))).toBe(true)
    world.talk(6 * SECOND, 2, 3)
    world.runUntil(7 * SECOND)
    expect(world.kernel.pending).toBe(0)
    expect(world.node(3).received).toHaveLength(1)
    expect(world.happened(M.faultEnded)).toHaveLength(5)
    expect(seconds(world.happened(M.nodeStarted))).toEqual([5, 5])
    expect(world.injector.spent()).toBe(true)
  })

  it('matters when work begins while it lasts, not when all is over', () => {
    const crash = (work: number): boolean => {
      const world = run([at(1, { kind: 'crash', target: BROKER_1 }, 2)], work, (one) => (one.inFlight = false))
      world.recorder.emit(M.recordSent, 4, recordOf(4, 0), 0, tpOf(1, 0), 0)
      return world.injector.mattered
    }
    expect(crash(0.5)).toBe(false)
    expect(crash(2)).toBe(true)
    expect(crash(4)).toBe(false)
  })
})

describe('Injector: determinism', () => {
  const drawn = (s: number): PlannedFault =>
    at(s, { kind: 'crash', target: { kind: 'any', of: [{ kind: 'role', role: 'rest' }] } }, 0.5)
  const victims = (plan: FaultPlan): ReadonlyMap<number, number> =>
    new Map(
      run(plan, 30)
        .happened(M.faultFired)
        .map((one) => [one.time / SECOND, one.node]),
    )

  it('draws the same nodes when another fault is taken away', () => {
    const times = Array.from({ length: 12 }, (_, n) => n + 1)
    const all = victims(times.map(drawn))
    expect(new Set(all.values()).size).toBeGreaterThan(2)
    for (const without of times) {
      const fewer = victims(times.filter((time) => time !== without).map(drawn))
      for (const [time, victim] of fewer) expect(victim).toBe(all.get(time))
    }
  })

  it('is plain data: a copy of a running world goes on in the same way', () => {
    const plan: FaultPlan = [
      drawn(1),
      drawn(3),
      at(2, { kind: 'isolate', target: BROKER_1, direction: 'in', from: null }, 2),
      at(2, { kind: 'delay', by: constant(SECOND), ...ANY_MESSAGE }),
      at(2, { kind: 'slow-disk', target: BROKER_1, by: constant(5) }, 4),
      at(2, { kind: 'clock-skew', target: BROKER_1, byUs: 333 }, 4),
      {
        ...at(0, { kind: 'pause', target: LEADER }, 1),
        trigger: {
          kind: 'when',
          match: { moment: 'node.started', fields: { node: 'broker-1' } },
          nth: 1,
          everyMatch: true,
          times: 2,
          afterUs: 7,
        },
      },
    ]
    const world = new FakeWorld(spec, plan)
    for (let s = 1; s < 9; s++) world.talk(s * SECOND + 1, 1 + (s % 3), 4, 0)
    world.runUntil(2.5 * SECOND)
    const copy = cloneGraph(world)
    for (const one of [world, copy]) {
      one.runUntil(8 * SECOND)
      one.injector.healAll()
      one.runUntil(20 * SECOND)
    }
    expect(copy.diary.happenings).toEqual(world.diary.happenings)
    expect(copy.kernel.digest()).toBe(world.kernel.digest())
    expect(world.diary.happenings.length).toBeGreaterThan(20)
  })
})
