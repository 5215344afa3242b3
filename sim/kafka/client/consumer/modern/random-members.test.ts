import { describe, expect, test } from 'vitest'
import { M } from '../../../../history/catalogue.ts'
import type { MomentObserver } from '../../../../history/recorder.ts'
import { Stream } from '../../../../kernel/stream.ts'
import { MiniCluster } from '../../../broker/mini-cluster.test.support.ts'
import { Env } from '../../../env.ts'
import { TestReader } from '../test-reader.test.support.ts'

const PARTITIONS = 6
const READERS = 4
/** Short, so that members expire within a test. */
const GROUPS = { 'group.consumer.session.timeout.ms': 6000, 'group.consumer.heartbeat.interval.ms': 1000 }

/** Who holds what by each coordinator's account. */
class Grants implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.partitionGranted,
    M.partitionReleased,
    M.memberReconciled,
    M.coordinatorUnloaded,
  ]
  readonly wrong: string[] = []
  private readonly held: Map<string, number> = new Map()

  onMoment(kind: number, time: number, node: number, a: number, tp: number, c: number, _d: number, e: number): void {
    const place = `${node} ${a} ${tp}`
    switch (kind) {
      case M.partitionGranted: {
        const holder = this.held.get(place)
        if (holder !== undefined && holder !== e) this.wrong.push(`${tp & 0xffff} granted twice at ${time}`)
        this.held.set(place, e)
        break
      }
      case M.partitionReleased:
        if (this.held.get(place) === e) this.held.delete(place)
        break
      case M.coordinatorUnloaded:
        this.forget(node)
        break
      case M.memberReconciled:
        if (c > e) this.wrong.push(`epoch ${c} above ${e}`)
    }
  }

  /** What a coordinator takes up later it tells anew. */
  forget(node: number): void {
    for (const place of this.held.keys()) if (place.startsWith(`${node} `)) this.held.delete(place)
  }
}

/** Members that come, go, die and sleep, and a coordinator that dies now and then. */
class Crowd {
  readonly cluster: MiniCluster = new MiniCluster({ partitions: PARTITIONS, programs: READERS, groups: GROUPS })
  readonly grants: Grants = new Grants()
  readonly readers: (TestReader | null)[] = Array.from({ length: READERS }, () => null)
  private readonly random: Stream
  private away = 0

  constructor(seed: string) {
    this.random = new Stream(seed, 'crowd', '')
    this.cluster.observe(this.grants)
    this.cluster.runFor(2)
  }

  act(): void {
    const { random } = this
    const at = random.below(READERS)
    const reader = this.readers[at] ?? null
    if (random.below(8) === 0) this.disturb()
    else if (reader === null) this.start(at)
    else this.trouble(at, reader, random.below(4))
    this.cluster.runFor((random.below(60) + 1) / 10)
  }

  private trouble(at: number, reader: TestReader, how: number): void {
    if (how === 0) this.kill(at)
    else if (how === 1) this.stop(at, reader)
    else if (how === 2) reader.stall()
    else this.wake(reader)
  }

  /** Everybody who sleeps polls again, every broker is there. */
  settle(): void {
    if (this.away > 0) this.disturb()
    for (let at = 0; at < READERS; at++) {
      const reader = this.readers[at] ?? null
      if (reader === null) this.start(at)
      else this.wake(reader)
    }
    this.cluster.runFor(60)
  }

  private start(at: number): void {
    const node = this.cluster.clientNode + 1 + at
    this.cluster.network.hostUp(node)
    const { kernel, network, recorder } = this.cluster
    const world = {
      kernel,
      topics: [{ name: 'orders', topicId: 1 }],
      brokers: [1, 2, 3],
      consumers: [node],
      env: (of: number) => new Env(of, kernel, network, recorder),
    }
    const config = {
      'group.protocol': 'consumer',
      'max.poll.interval.ms': 10_000,
      'enable.auto.commit': false,
    } as const
    this.readers[at] = new TestReader(world, { node, config })
  }

  private stop(at: number, reader: TestReader): void {
    reader.stall()
    reader.consumer.close()
    this.cluster.runFor(1)
    this.kill(at)
  }

  private kill(at: number): void {
    const node = this.cluster.clientNode + 1 + at
    this.cluster.kernel.kill(node)
    this.cluster.network.nodeDied(node, false)
    this.readers[at] = null
  }

  private wake(reader: TestReader): void {
    if (reader.looping) return
    reader.looping = true
    reader.poll()
  }

  private disturb(): void {
    if (this.away > 0) {
      this.cluster.startBroker(this.away)
      this.away = 0
      this.cluster.runFor(10)
      return
    }
    this.away = 1 + this.random.below(3)
    this.cluster.crash(this.away)
    this.grants.forget(this.away)
  }
}

describe('members that come, go, die and sleep', () => {
  test.each(['1', '2', '3', '4', '5', '6', '7', '8'])(
    'seed %s: nothing is ever granted twice, and it settles',
    (seed) => {
      const crowd = new Crowd(seed)
      for (let i = 0; i < 40; i++) crowd.act()
      crowd.settle()
      expect(crowd.grants.wrong).toEqual([])
      const owned = crowd.readers.map((reader) => reader?.consumer.assignment.map((tp) => tp & 0xffff) ?? [])
      expect(owned.flat().toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5])
      expect(Math.max(...owned.map((each) => each.length))).toBe(2)
    },
  )
})
