import type { MomentMatch } from '../history/match.ts'
import { describe, expect, it } from 'vitest'
import { constant } from '../kernel/spread.ts'
import { Stream } from '../kernel/stream.ts'
import { cloneGraph } from '../kernel/clone.ts'
import { MILLISECOND, SECOND } from '../kernel/time.ts'
import { FakeCluster, producerConfig } from '../kafka/client/fake-cluster.test.support.ts'
import type { ProducerConfig } from '../kafka/protocol/config/producer.ts'
import { CLIENT_PROFILES } from '../kafka/protocol/profile.ts'
import { drawWorkload } from './draw-workload.ts'
import { ACKED, ABANDONED, FAILED, ProducerJournal, recordCount, UNKNOWN } from './producer-journal.ts'
import { MOMENT_HAPPENED } from './process-host.ts'
import { ProducerProcess } from './producer-process.ts'
import type { ProcessHost } from './process-host.ts'
import type { ProducerProcessOptions } from './producer-process-options.ts'
import type { OnUnknown, ProducerStep, ProducerWorkload } from './workload.ts'

interface Setup {
  readonly workload?: ProducerWorkload
  readonly config?: Partial<ProducerConfig>
  readonly onUnknown?: OnUnknown
  readonly startUs?: number
  readonly stopUs?: number
  readonly tellSteps?: boolean
  readonly partitions?: number
}

/** A process with its journal, which may crash and start again. */
class Bench implements ProcessHost {
  readonly c: FakeCluster
  readonly journal: ProducerJournal
  process: ProducerProcess
  readonly exits: number[] = []
  private readonly options: ProducerProcessOptions

  constructor(setup: Setup = {}) {
    const { config = {}, onUnknown = 'give-up', startUs = 0, stopUs = null, partitions = 1 } = setup
    this.c = new FakeCluster({
      latency: constant(MILLISECOND),
      boring: true,
      topics: [
        { name: 'orders', topicId: 1, partitions },
        { name: 'bills', topicId: 2, partitions: 1 },
      ],
    })
    const workload = drawWorkload(setup.workload ?? stream(5), new Stream('1', 'checkout'))
    this.options = {
      name: 'checkout',
      node: this.c.client,
      instance: 0,
      topics: this.c.topics.slice(0, 1),
      workload,
      onUnknown,
      config: producerConfig(config),
      profile: CLIENT_PROFILES['kafka-4.1'],
      bootstrap: this.c.brokers,
      startUs,
      stopUs,
      writes: null,
      tellSteps: setup.tellSteps ?? false,
    }
    this.journal = new ProducerJournal(recordCount(workload))
    this.process = this.start()
  }
  start(): ProducerProcess {
    this.process = new ProducerProcess(this.c.env(this.c.client), this.options, this.journal, this)
    this.c.startClient(this.process)
    return this.process
  }
  crash(): void {
    this.c.kernel.kill(this.c.client)
    this.c.network.nodeDied(this.c.client, false)
  }
  readonly awaited: MomentMatch[] = []
  awaitMoment(_node: number, match: MomentMatch): void {
    this.awaited.push(match)
  }
  exited(node: number): void {
    this.exits.push(node)
  }
  /** `time record attempt` of every send. */
  sends(): readonly string[] {
    return this.c
      .of('record.sent')
      .map(({ time, fields }) => `${time / MILLISECOND} ${(fields[0] ?? 0) & 0xfffff}~${fields[1]}`)
  }
}

function stream(records: number, keys = 0, everyUs = 20 * MILLISECOND): ProducerWorkload {
  return { kind: 'send', records, every: constant(everyUs), keys, size: 100, transactions: null }
}

function send(id: string, more: Partial<Extract<ProducerStep, { do: 'send' }>> = {}): ProducerStep {
  return { do: 'send', id, to: 'orders', partition: null, key: null, value: 'v', timestampUs: null, ...more }
}

function script(...steps: readonly ProducerStep[]): ProducerWorkload {
  return { kind: 'steps', steps }
}

describe('a stream of records', () => {
  it('sends each record at its time and tells when it is done, once', () => {
    const b = new Bench({ startUs: SECOND })
    expect(b.process.isIdle()).toBe(false)
    b.c.runUntil(10 * SECOND)
    expect(b.sends().slice(1)).toEqual(['1020 1~0', '1040 2~0', '1060 3~0', '1080 4~0'])
    expect(b.c.ordinals()).toEqual([0, 1, 2, 3, 4])
    expect(b.c.of('workload.done')).toHaveLength(1)
    expect(b.process.isIdle()).toBe(true)
    expect([...b.journal.states]).toEqual(Array(5).fill(ACKED))
  })

  it('takes topics in turn and keys from the draw', () => {
    const b = new Bench({ workload: stream(60, 3), partitions: 4 })
    b.c.runUntil(10 * SECOND)
    const keys = new Map<number, Set<number>>()
    for (const { fields } of b.c.of('record.sent')) {
      const partitions = keys.get(fields[3] ?? -1) ?? new Set()
      keys.set(fields[3] ?? -1, partitions.add((fields[2] ?? 0) & 0xffff))
    }
    expect([...keys.keys()].toSorted((x, y) => x - y)).toEqual([0, 1, 2])
    for (const partitions of keys.values()) expect(partitions.size).toBe(1)
    expect(
      b.c
        .log((1 << 16) | 0)
        .concat(b.c.log((1 << 16) | 1), b.c.log((1 << 16) | 2), b.c.log((1 << 16) | 3))
        .flatMap((batch) => batch.records)[0],
    ).toMatchObject({
      size: 102,
    })
  })

  it('that was held up continues late: times are those of the start', () => {
    const b = new Bench()
    b.c.runUntil(30 * MILLISECOND)
    b.c.kernel.pause(b.c.client)
    b.c.runUntil(70 * MILLISECOND)
    b.c.kernel.resume(b.c.client)
    b.c.runUntil(SECOND)
    expect(b.sends().slice(2)).toEqual(['70 2~0', '70 3~0', '80 4~0'])
  })

  it('waits while send() waits', () => {
    const b = new Bench({ config: { 'max.block.ms': 1000 } })
    b.c.answerMetadata = false
    b.c.runUntil(2500 * MILLISECOND)
    expect(b.sends()).toEqual(['0 0~0', '1000 1~0', '2000 2~0'])
    expect(b.journal.states[0]).toBe(FAILED)
  })

  it('starts nothing after stop, and begun records go on', () => {
    const b = new Bench({ stopUs: 50 * MILLISECOND })
    b.c.runUntil(SECOND)
    expect(b.c.ordinals()).toEqual([0, 1, 2])
    expect(b.process.isIdle()).toBe(true)
    expect(b.c.of('workload.done')).toHaveLength(1)
  })

  it('told to stop work ends when what is begun has ended', () => {
    const b = new Bench()
    b.c.runUntil(45 * MILLISECOND)
    b.process.stopWork()
    expect(b.process.isIdle()).toBe(false)
    b.c.runUntil(SECOND)
    expect(b.c.ordinals()).toEqual([0, 1, 2])
    expect(b.process.isIdle()).toBe(true)
  })
})

describe('after a crash', () => {
  it.each([
    ['give-up', [0, 1, 2, 3, 4]],
    ['resend', [0, 1, 1, 2, 3, 4]],
  ] as const)('records of unknown outcome: %s', (onUnknown, log) => {
    const b = new Bench({ onUnknown })
    b.c.runUntil(26 * MILLISECOND) // record 1 was sent at 20, left at 25 and is on its way
    b.crash()
    b.c.runUntil(200 * MILLISECOND)
    b.start()
    b.c.runUntil(SECOND)
    expect(b.c.ordinals()).toEqual(log)
    expect(b.c.of('record.abandoned').map(({ fields }) => [(fields[0] ?? 0) & 0xfffff, fields[1]])).toEqual(
      onUnknown === 'give-up' ? [[1, 0]] : [],
    )
    // The first send() of the new producer waits 6 ms for metadata; what is late follows at once.
    const first = onUnknown === 'give-up' ? ['200 2~0'] : ['200 1~1', '206 2~0']
    expect(b.sends().slice(2)).toEqual([...first, '206 3~0', '206 4~0'])
    expect(b.process.isIdle()).toBe(true)
    expect([...b.journal.states]).toEqual([ACKED, onUnknown === 'give-up' ? ABANDONED : ACKED, ACKED, ACKED, ACKED])
    // A new producer, and batch numbers are never used twice.
    expect(b.c.of('producer.initialized')).toHaveLength(2)
    const batches = b.c.log((1 << 16) | 0).map((batch) => batch.id)
    expect(new Set(batches).size).toBe(batches.length)
  })

  it('a finished application does not finish again', () => {
    const b = new Bench()
    b.c.runUntil(SECOND)
    b.crash()
    b.start()
    b.c.runUntil(2 * SECOND)
    expect(b.c.of('workload.done')).toHaveLength(1)
    expect(b.c.ordinals()).toHaveLength(5)
  })
})

describe('callbacks that failed', () => {
  it('give-up leaves them', () => {
    const b = new Bench({ config: { retries: 0, 'enable.idempotence': false } })
    b.c.react = (n) => (n === 1 ? { error: 87 } : n === 2 ? { error: 7, appended: true } : 'ok')
    b.c.runUntil(2 * SECOND)
    expect([...b.journal.states]).toEqual([ACKED, FAILED, UNKNOWN, ACKED, ACKED])
    expect(b.c.of('workload.done')).toHaveLength(1)
  })

  it('resend sends them again as new attempts until they are acknowledged', () => {
    const b = new Bench({ onUnknown: 'resend', config: { retries: 0, 'enable.idempotence': false } })
    b.c.react = (n) => (n === 1 || n === 5 ? { error: 87 } : n === 2 ? { error: 7, appended: true } : 'ok')
    b.c.runUntil(2 * SECOND)
    expect([...b.journal.states]).toEqual(Array(5).fill(ACKED))
    // Both are sent again together, and that batch fails too.
    expect([...b.journal.attempts]).toEqual([1, 3, 3, 1, 1])
    // Record 2 had been appended the first time: the application could not know.
    expect(b.c.ordinals().filter((ordinal) => ordinal === 2)).toHaveLength(2)
    expect(b.c.of('workload.done')).toHaveLength(1)
    expect(b.process.isIdle()).toBe(true)
  })

  it('a hopeless record is tried again at a walking pace, not in a loop', () => {
    const b = new Bench({ workload: stream(1), onUnknown: 'resend', config: { 'max.request.size': 100 } })
    b.c.runUntil(1050 * MILLISECOND)
    expect(b.sends()).toHaveLength(11)
    expect(b.process.isIdle()).toBe(false)
  })
})

describe('a script', () => {
  it('does its steps in order', () => {
    const b = new Bench({
      partitions: 3,
      workload: script(
        send('a', { key: 'k1' }),
        { do: 'flush' },
        { do: 'wait', for: constant(SECOND) },
        send('b', { partition: 2, value: null, timestampUs: 3 * SECOND }),
        send('c', { key: 'k1' }),
        { do: 'close' },
      ),
    })
    b.c.runUntil(5 * SECOND)
    expect(b.c.of('record.defined')).toHaveLength(3)
    const [a, second, third] = b.c.of('record.sent')
    expect((second?.time ?? 0) - (a?.time ?? 0)).toBeGreaterThan(SECOND)
    expect(third?.time).toBe(second?.time)
    expect((second?.fields[2] ?? 0) & 0xffff).toBe(2)
    expect(third?.fields.slice(2, 4)).toEqual(a?.fields.slice(2, 4))
    const sent = b.c
      .log((1 << 16) | 2)
      .flatMap((batch) => batch.records)
      .find((record) => (record.record & 0xfffff) === 1)
    expect(sent).toMatchObject({ size: 0, timestamp: Math.floor((second?.time ?? 0) / 1000) + 3000 })
    expect(b.c.of('workload.done')).toHaveLength(1)
    expect(b.process.isIdle()).toBe(true)
  })

  it('tells its steps as events of their own when asked to, and dies between them without having sent', () => {
    const b = new Bench({ workload: stream(2), tellSteps: true, onUnknown: 'resend' })
    b.c.runUntil(SECOND)
    const order = ['step.before-output', 'record.sent', 'produce.acked', 'step.after-output'] as const
    const times = order.map((name) => b.c.of(name).map(({ time }) => time))
    for (const list of times) expect(list).toHaveLength(2)
    expect(times[0]).toEqual(times[1])
    const quiet = new Bench({ workload: stream(2) })
    quiet.c.runUntil(SECOND)
    expect(quiet.c.of('step.before-output')).toEqual([])
  })

  it('waits for a moment', () => {
    const match = { moment: 'leader.elected', fields: {} }
    const b = new Bench({ workload: script({ do: 'wait-moment', match }, send('a')) })
    b.c.runUntil(SECOND)
    expect(b.awaited).toEqual([match])
    expect(b.process.waiting()).toEqual(['the moment leader.elected'])
    b.process.onSignal(MOMENT_HAPPENED, 0, 0)
    b.c.runUntil(2 * SECOND)
    expect(b.c.ordinals()).toEqual([0])
  })

  it('restart makes a new producer with a new id, without waiting for the old one', () => {
    const b = new Bench({
      onUnknown: 'resend',
      workload: script(
        send('a'),
        { do: 'wait', for: constant(20 * MILLISECOND) },
        send('b'),
        { do: 'wait', for: constant(6 * MILLISECOND) },
        { do: 'restart' },
        send('c'),
      ),
    })
    b.c.runUntil(5 * SECOND)
    expect(b.c.of('producer.restarted').map(({ fields }) => fields[0])).toEqual([1])
    expect(b.c.of('producer.initialized').map(({ fields }) => fields[0])).toEqual([1000, 1001])
    // b was out when its producer ended; the new producer knows nothing of it, so it is there twice.
    expect(b.c.of('produce.unknown')).toHaveLength(1)
    expect(b.c.ordinals()).toEqual([0, 1, 2, 1])
    expect(b.process.isIdle()).toBe(true)
  })

  it('goes on after a crash where it was, waiting the rest of its wait', () => {
    const b = new Bench({ workload: script(send('a'), { do: 'wait', for: constant(SECOND) }, send('b')) })
    b.c.runUntil(500 * MILLISECOND)
    b.crash()
    b.c.runUntil(700 * MILLISECOND)
    b.start()
    b.c.runUntil(5 * SECOND)
    const times = b.c.of('record.sent').map(({ time }) => time)
    expect(times).toHaveLength(2)
    expect(times[1]).toBeGreaterThanOrEqual(SECOND)
    expect(times[1]).toBeLessThan(1100 * MILLISECOND)
    expect(b.c.ordinals()).toEqual([0, 1])
  })

  it('sends nothing after close', () => {
    const b = new Bench({ onUnknown: 'resend', workload: script(send('a'), { do: 'close' }, send('b')) })
    b.c.runUntil(5 * SECOND)
    expect(b.c.ordinals()).toEqual([0])
    expect(b.journal.states[1]).toBe(FAILED)
    expect(b.process.isIdle()).toBe(true)
  })
})

describe('a clean stop', () => {
  it('completes what is begun, then leaves; a new process goes on', () => {
    const b = new Bench()
    b.c.runUntil(22 * MILLISECOND)
    b.process.shutDown()
    expect(b.exits).toEqual([])
    b.c.runUntil(200 * MILLISECOND)
    expect(b.exits).toEqual([b.c.client])
    expect(b.c.ordinals()).toEqual([0, 1])
    b.crash()
    b.start()
    b.c.runUntil(SECOND)
    expect(b.c.ordinals()).toEqual([0, 1, 2, 3, 4])
    expect(b.c.of('record.abandoned')).toHaveLength(0)
  })

  it('before the start is immediate', () => {
    const b = new Bench({ startUs: SECOND })
    b.process.shutDown()
    expect(b.exits).toEqual([b.c.client])
  })
})

describe('state', () => {
  it('depends on nothing but the seed: the same run twice has the same history', () => {
    const histories = [1, 2].map(() => {
      const b = new Bench({ workload: stream(40, 4), partitions: 3, onUnknown: 'resend', config: { retries: 1 } })
      b.c.react = (n) => (n % 4 === 1 ? 'append-reset' : n % 5 === 2 ? { error: 19 } : 'ok')
      b.c.runUntil(20 * SECOND)
      return b.c.seen
    })
    expect(histories[0]?.length).toBeGreaterThan(200)
    expect(histories[0]).toEqual(histories[1])
  })

  it('is plain data: a running process can be cloned', () => {
    const b = new Bench({ workload: stream(50, 4), config: { 'enable.idempotence': true } })
    b.c.react = (n) => (n % 3 === 1 ? 'append-reset' : 'ok')
    for (let ms = 1; ms < 400; ms += 37) {
      b.c.runUntil(ms * MILLISECOND)
      const host = (b.process as unknown as { host: unknown }).host
      // The test's own world holds functions; the process and all that is its own must not.
      const outside: readonly unknown[] = [host, b.c.kernel, b.c.network, b.c.recorder]
      const copy = cloneGraph(b.process, (value) => (outside.includes(value) ? value : undefined))
      expect(copy).not.toBe(b.process)
      expect(copy.isIdle()).toBe(b.process.isIdle())
    }
  })
})
