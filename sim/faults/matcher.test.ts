import { describe, expect, it } from 'vitest'
import { M } from '../history/catalogue.ts'
import { APPENDED_AS_LEADER, maskHigh, maskLow, recordOf, REPLY_FLAG, tpOf } from '../history/ids.ts'
import { Recorder } from '../history/recorder.ts'
import { Kernel, SIGNAL_EVENT, SYSTEM_EVENT } from '../kernel/kernel.ts'
import { FAULT_BEGIN, MOMENT_SIGNAL } from './event-kinds.ts'
import { Matcher } from './matcher.ts'
import type { PlannedFault } from './plan.ts'
import { producerSpec, topicSpec, worldSpec } from './testing/worlds.ts'
import { WorldNames } from './world-names.ts'

// Nodes: 0 controller-1, 1..3 brokers, 4 checkout#0, 5 checkout#1, 6 audit#0.
const spec = worldSpec({
  topics: [topicSpec('orders', 3, 2), topicSpec('payments', 3, 2)],
  producers: [producerSpec('checkout', 'orders', 2), producerSpec('audit', 'payments')],
})
type Fields = Readonly<Record<string, string | number | boolean>>

/** A matcher on a kernel that only notes which events come. */
class Bench {
  readonly kernel: Kernel = new Kernel({
    seed: '1',
    hasher: { update() {}, copy: () => this.kernel.trace as never, digest: () => '' },
  })
  readonly recorder: Recorder = new Recorder(this.kernel)
  readonly matcher: Matcher = new Matcher(this.kernel, this.recorder, new WorldNames(spec))
  readonly fired: (readonly [time: number, fault: number])[] = []
  readonly order: string[] = []

  constructor() {
    this.kernel.system = this
    for (let node = 0; node < 7; node++) this.kernel.addNode(`node ${node}`)
  }
  onSystemEvent(kind: number, a: number): void {
    this.order.push(`system ${kind}`)
    if (kind === FAULT_BEGIN) {
      this.fired.push([this.kernel.now, a])
      this.matcher.begun()
    }
  }
  when(
    index: number,
    moment: string,
    fields: Fields,
    options: { nth?: number; everyMatch?: boolean; times?: number | null; afterUs?: number; entry?: number } = {},
  ): void {
    const { nth = 1, everyMatch = false, times = null, afterUs = 0, entry = 0 } = options
    const fault: PlannedFault = {
      entry,
      forUs: null,
      trigger: { kind: 'when', match: { moment, fields }, nth, everyMatch, times, afterUs },
      action: { kind: 'crash', target: { kind: 'node', name: 'broker-1' } },
    }
    this.matcher.addFault(index, fault, 1234)
  }
  settle(): number {
    this.kernel.run(1000)
    return this.fired.length
  }
}

/** Whether a match takes the moment that `emit` emits. */
function takes(moment: string, fields: Fields, emit: (recorder: Recorder) => void): boolean {
  const bench = new Bench()
  bench.when(0, moment, fields)
  emit(bench.recorder)
  return bench.settle() === 1
}

describe('Matcher: fields', () => {
  const acked = (recorder: Recorder): void => recorder.emit(M.produceAcked, 5, recordOf(5, 7), 0, tpOf(1, 1), 42)
  it.each<readonly [Fields, boolean]>([
    [{}, true],
    [{ topic: 'orders' }, true],
    [{ topic: 'payments' }, false],
    [{ partition: 1 }, true],
    [{ partition: 0 }, false],
    [{ record: 'checkout#1/7' }, true],
    [{ record: 'checkout#1/8' }, false],
    [{ record: 'checkout#0/7' }, false],
    [{ producer: 'checkout' }, true],
    [{ producer: 'checkout#1' }, true],
    [{ producer: 'checkout#0' }, false],
    [{ producer: 'audit' }, false],
    [{ node: 'checkout#1' }, true],
    [{ node: 'checkout' }, true],
    [{ node: 'checkout#0' }, false],
    [{ offset: 42 }, true],
    [{ offset: '42' }, true],
    [{ offset: 41 }, false],
    [{ attempt: 0 }, true],
    [{ attempt: 1 }, false],
    [{ topic: 'orders', partition: 1, offset: 42 }, true],
    [{ topic: 'orders', partition: 0, offset: 42 }, false],
  ])('produce.acked %j: %s', (fields, expected) => {
    expect(takes('produce.acked', fields, acked)).toBe(expected)
  })

  const appended = (recorder: Recorder): void =>
    recorder.emitWide(M.logAppended, 2, tpOf(1, 0), 10, 12, 3, (4 << 20) | 6, 1000, 5 | APPENDED_AS_LEADER, 8)
  it.each<readonly [Fields, boolean]>([
    [{ offset: 9 }, false],
    [{ offset: 10 }, true],
    [{ offset: 11 }, true],
    [{ offset: 12 }, true],
    [{ offset: 13 }, false],
    [{ last: 12 }, true],
    [{ last: 11 }, false],
    [{ producerEpoch: 5 }, true],
    [{ producerEpoch: 4 }, false],
    [{ producerId: 1000, sequence: 8, epoch: 3 }, true],
    [{ sequence: 7 }, false],
    [{ producer: 'checkout#0' }, true],
    [{ producer: 'checkout#1' }, false],
  ])('log.appended %j: %s', (fields, expected) => {
    expect(takes('log.appended', fields, appended)).toBe(expected)
  })

  it('finds a record in the batches that carry it, also after a split', () => {
    const old = (4 << 20) | 6
    const split = (4 << 20) | 9
    const history =
      (batch: number) =>
      (recorder: Recorder): void => {
        recorder.emit(M.recordBatched, 4, recordOf(4, 1), 0, old, 0)
        recorder.emit(M.recordBatched, 4, recordOf(4, 2), 0, old, 1)
        recorder.emit(M.recordBatched, 4, recordOf(4, 2), 0, split, 0)
        recorder.emitWide(M.logAppended, 2, tpOf(1, 0), 0, 1, 0, batch, -1, -1, -1)
      }
    expect(takes('log.appended', { record: 'checkout#0/2' }, history(split))).toBe(true)
    expect(takes('log.appended', { record: 'checkout#0/1' }, history(old))).toBe(true)
    expect(takes('log.appended', { record: 'checkout#0/1' }, history(split))).toBe(false)
  })

  it.each<readonly [string, Fields, number, readonly number[], boolean]>([
    ['request.sent', { api: 'Produce' }, M.requestSent, [1, 0, 9, 9], true],
    ['request.sent', { api: 'Produce' }, M.requestSent, [1, REPLY_FLAG, 9, 9], true],
    ['request.sent', { api: 'Produce', reply: true }, M.requestSent, [1, REPLY_FLAG, 9, 9], true],
    ['request.sent', { api: 'Produce', reply: true }, M.requestSent, [1, 0, 9, 9], false],
    ['request.sent', { api: 'Fetch', reply: false }, M.requestSent, [1, 0, 9, 9], false],
    ['request.sent', { to: 'broker-1' }, M.requestSent, [1, 0, 9, 9], true],
    ['request.sent', { to: 2 }, M.requestSent, [1, 0, 9, 9], false],
    ['produce.failed', { error: 'NOT_LEADER_OR_FOLLOWER' }, M.produceFailed, [0, 0, 0, 6], true],
    ['produce.failed', { error: 6 }, M.produceFailed, [0, 0, 0, 6], true],
    ['produce.failed', { error: 'REQUEST_TIMED_OUT' }, M.produceFailed, [0, 0, 0, 6], false],
    ['batch.expired', { inFlight: true }, M.batchExpired, [0, 0, 1, 0], true],
    ['batch.expired', { inFlight: false }, M.batchExpired, [0, 0, 1, 0], false],
  ])('%s %j', (moment, fields, kind, values, expected) => {
    const [a = 0, b = 0, c = 0, d = 0] = values
    expect(takes(moment, fields, (recorder) => recorder.emit(kind, 3, a, b, c, d))).toBe(expected)
  })

  it.each<readonly [Fields, boolean]>([
    [{ leader: 'broker-3' }, true],
    [{ leader: 'none' }, false],
    [{ leader: 3 }, true],
    [{ unclean: true }, true],
    [{ unclean: 'false' }, false],
    [{ isr: 'broker-3, broker-1' }, true],
    [{ isr: 'broker-3' }, false],
    [{ isr: 'none' }, false],
  ])('leader.elected %j: %s', (fields, expected) => {
    const isr = [1, 3]
    expect(
      takes('leader.elected', fields, (recorder) =>
        recorder.emitWide(M.leaderElected, 0, tpOf(1, 0), 3, 4, 5, maskLow(isr), maskHigh(isr), 1, 0),
      ),
    ).toBe(expected)
  })

  it('matches that there is no leader', () => {
    expect(
      takes('leader.elected', { leader: 'none' }, (recorder) =>
        recorder.emitWide(M.leaderElected, 0, tpOf(1, 0), -1, 4, 5, 0, 0, 0, 0),
      ),
    ).toBe(true)
  })

  it('matches texts', () => {
    const fired = (recorder: Recorder): void => recorder.emit(M.faultFired, 0, 0, 0, 1, recorder.text('crash'))
    expect(takes('fault.fired', { action: 'crash' }, fired)).toBe(true)
    expect(takes('fault.fired', { action: 'pause' }, fired)).toBe(false)
  })
})

describe('Matcher: counting', () => {
  const ack = (bench: Bench): void => bench.recorder.emit(M.produceAcked, 4, recordOf(4, 0), 0, tpOf(1, 0), 0)
  const acks = (bench: Bench, count: number): number => {
    for (let i = 0; i < count; i++) ack(bench)
    return bench.settle()
  }

  it.each([
    [{ nth: 3 }, 2, 0],
    [{ nth: 3 }, 3, 1],
    [{ nth: 3 }, 9, 1],
    [{ nth: 3, everyMatch: true, times: 4 }, 5, 3],
    [{ nth: 3, everyMatch: true, times: 4 }, 20, 4],
    [{ nth: 2, everyMatch: true }, 20, 19],
  ] as const)('%j after %i matches fires %i times', (options, count, fired) => {
    const bench = new Bench()
    bench.when(0, 'produce.acked', {}, options)
    expect(acks(bench, count)).toBe(fired)
  })

  it('knows what may still fire', () => {
    const bench = new Bench()
    bench.when(0, 'produce.acked', {}, { nth: 2, afterUs: 5 })
    bench.when(1, 'produce.acked', {}, { everyMatch: true })
    bench.when(2, 'produce.failed', {}, { entry: -1 })
    bench.when(3, 'no.such', {})
    const { matcher } = bench
    expect([matcher.openFaults, matcher.openWhileWork, matcher.pendingFaults]).toEqual([1, 2, 0])
    ack(bench)
    ack(bench)
    expect([matcher.openFaults, matcher.openWhileWork, matcher.pendingFaults]).toEqual([0, 2, 3])
    bench.settle()
    expect(matcher.pendingFaults).toBe(0)
  })

  it('fires faults of one moment in the order of the plan', () => {
    const bench = new Bench()
    for (const index of [0, 1, 2]) bench.when(index, 'produce.acked', {}, { nth: index === 1 ? 2 : 1 })
    bench.when(3, 'produce.acked', {})
    acks(bench, 2)
    expect(bench.fired.map(([, fault]) => fault)).toEqual([0, 2, 3, 1])
  })

  it('forgets faults, also those on their way, when told to', () => {
    const bench = new Bench()
    bench.when(0, 'produce.acked', {}, { afterUs: 10 })
    bench.when(1, 'produce.acked', {}, { nth: 2 })
    ack(bench)
    bench.matcher.endFaults()
    expect(acks(bench, 3)).toBe(0)
    expect(bench.kernel.pending).toBe(0)
  })
})

describe('Matcher: events of their own', () => {
  it('runs before anything else of that time, after what its cause sent', () => {
    const bench = new Bench()
    bench.when(0, 'produce.acked', {})
    bench.kernel.schedule(10, SYSTEM_EVENT, 0, 99, 0, 0, null, 1, 0)
    bench.kernel.schedule(10, SYSTEM_EVENT, 0, 98, 0, 0, null, 2, 0)
    bench.kernel.step()
    bench.recorder.emit(M.produceAcked, 4, 0, 0, 0, 0)
    bench.kernel.schedule(0, SYSTEM_EVENT, 0, 97, 0, 0, null, 3, 0)
    bench.settle()
    expect(bench.order).toEqual(['system 99', `system ${FAULT_BEGIN}`, 'system 98', 'system 97'])
    expect(bench.fired).toEqual([[10, 0]])
  })

  it('waits `after` from the moment', () => {
    const bench = new Bench()
    bench.when(0, 'produce.acked', {}, { afterUs: 300 })
    bench.kernel.schedule(10, SYSTEM_EVENT, 0, 99, 0, 0, null, 1, 0)
    bench.kernel.step()
    bench.recorder.emit(M.produceAcked, 4, 0, 0, 0, 0)
    bench.settle()
    expect(bench.fired).toEqual([[310, 0]])
  })

  it('signals a waiting node once, as an event', () => {
    const bench = new Bench()
    const seen: string[] = []
    bench.kernel.observer = { onEvent: (_time, node, what, kind) => seen.push(`${node} ${what} ${kind}`) }
    expect(bench.matcher.await({ moment: 'leader.elected', fields: { leader: 'broker-2' } }, 4)).toBe(true)
    const elect = (leader: number): void =>
      bench.recorder.emitWide(M.leaderElected, 0, tpOf(1, 0), leader, 0, 0, 0, 0, 0, 0)
    elect(1)
    expect(bench.kernel.pending).toBe(0)
    elect(2)
    elect(2)
    bench.settle()
    expect(seen).toEqual([`4 ${SIGNAL_EVENT} ${MOMENT_SIGNAL}`])
  })

  it('does not signal a node that waits no longer, or for something else', () => {
    const bench = new Bench()
    bench.matcher.await({ moment: 'produce.acked', fields: {} }, 4)
    bench.matcher.await({ moment: 'produce.failed', fields: {} }, 4)
    bench.matcher.await({ moment: 'produce.acked', fields: {} }, 5)
    bench.matcher.forget(5)
    bench.recorder.emit(M.produceAcked, 4, 0, 0, 0, 0)
    expect(bench.kernel.pending).toBe(0)
    expect(bench.matcher.await({ moment: 'produce.acked', fields: { topic: 'nowhere' } }, 5)).toBe(false)
  })
})
