import { describe, expect, test } from 'vitest'
import { Stream } from '../../kernel/stream.ts'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import { InFlightRecord } from './in-flight-record.ts'
import {
  AcknowledgeType,
  type AcknowledgeTypeId,
  RecordState,
  type RecordStateId,
  TRANSITIONS,
} from './record-state.ts'
import { SharePartition, stateBatchesOf } from './share-partition.ts'

const { AVAILABLE, ACQUIRED, ACKNOWLEDGED, ARCHIVED } = RecordState
const LIMITS = { maxDeliveryCount: 3, maxInFlight: 10 }

/** Entries of a log that begins at 0, by the sizes of their batches. */
function entries(...sizes: readonly number[]): readonly LogEntry[] {
  let next = 0
  return sizes.map((size) => {
    const baseOffset = next
    next += size
    return { baseOffset, lastOffset: next - 1, leaderEpoch: 0, batch: {} as RecordBatch }
  })
}

function fresh(): SharePartition {
  return new SharePartition(LIMITS, 0, 0, [])
}

function acquire(
  partition: SharePartition,
  of: readonly LogEntry[],
  memberId = 'a',
  maxRecords = 100,
  lockedUntil = 30,
) {
  return partition.acquire(of, { memberId, node: 1, maxRecords, lockedUntil })
}

const ack = (firstOffset: number, lastOffset: number, acknowledgeType: AcknowledgeTypeId = AcknowledgeType.ACCEPT) => ({
  firstOffset,
  lastOffset,
  acknowledgeType,
})

describe('the states of a record', () => {
  const states: readonly RecordStateId[] = [AVAILABLE, ACQUIRED, ACKNOWLEDGED, ARCHIVED]
  const allowed = new Set(['0>1', '1>0', '1>2', '1>4'])

  test.each(states.flatMap((from) => states.map((to) => [from, to] as const)))('from %i to %i', (from, to) => {
    expect(TRANSITIONS[from].includes(to)).toBe(allowed.has(`${from}>${to}`))
    const record = new InFlightRecord(from, 1)
    expect(record.update(to, 'keep', 5, '')).toBe(allowed.has(`${from}>${to}`))
    expect(record.state).toBe(allowed.has(`${from}>${to}`) ? to : from)
  })

  test('what was delivered as often as allowed is archived instead of being available', () => {
    const last = new InFlightRecord(ACQUIRED, 5)
    last.update(AVAILABLE, 'keep', 5, '')
    expect(last.state).toBe(ARCHIVED)
    const before = new InFlightRecord(ACQUIRED, 4)
    before.update(AVAILABLE, 'keep', 5, '')
    expect(before.state).toBe(AVAILABLE)
  })

  test('a delivery that is taken back leaves it available', () => {
    const record = new InFlightRecord(ACQUIRED, 5)
    record.update(AVAILABLE, 'decrease', 5, '')
    expect(record).toMatchObject({ state: AVAILABLE, deliveryCount: 4 })
  })

  test('a change that was not persisted is taken back whole', () => {
    const record = new InFlightRecord(ACQUIRED, 2)
    record.memberId = 'a'
    record.begin(AVAILABLE, 'decrease', 5)
    expect(record).toMatchObject({ state: AVAILABLE, deliveryCount: 1, inTransition: true, isAcquirable: false })
    record.complete(false)
    expect(record).toMatchObject({ state: ACQUIRED, deliveryCount: 2, memberId: 'a', inTransition: false })
  })
})

describe('acquiring', () => {
  test('takes whole batches, up to a number of records that it may pass', () => {
    expect(acquire(fresh(), entries(3, 3, 3), 'a', 4)).toEqual([{ firstOffset: 0, lastOffset: 5, deliveryCount: 1 }])
  })

  test('ends where enough records are in flight, and goes on when there is room', () => {
    const partition = fresh()
    acquire(partition, entries(4, 4, 4, 4))
    expect(partition.endOffset).toBe(12)
    expect(partition.canAcquire()).toBe(false)
    partition.complete(partition.acknowledge('a', [ack(0, 3)]).changes, true)
    expect(partition.canAcquire()).toBe(true)
    expect(partition.startOffset).toBe(4)
  })

  test('is not for what another member has', () => {
    const partition = fresh()
    acquire(partition, entries(2))
    expect(acquire(partition, entries(2), 'b')).toEqual([])
  })

  test('takes what returned first, and counts', () => {
    const partition = fresh()
    acquire(partition, entries(2, 2))
    partition.complete(partition.acknowledge('a', [ack(1, 1, AcknowledgeType.RELEASE)]).changes, true)
    expect(partition.nextFetchOffset()).toBe(1)
    expect(acquire(partition, entries(2), 'b')).toEqual([{ firstOffset: 1, lastOffset: 1, deliveryCount: 2 }])
    expect(partition.nextFetchOffset()).toBe(4)
  })

  test('not what is being released, before that is persisted', () => {
    const partition = fresh()
    acquire(partition, entries(1))
    const { changes } = partition.acknowledge('a', [ack(0, 0, AcknowledgeType.RELEASE)])
    expect(acquire(partition, entries(1), 'b')).toEqual([])
    partition.complete(changes, true)
    expect(acquire(partition, entries(1), 'b')).toHaveLength(1)
  })

  test('nobody acquires records of an aborted transaction', () => {
    const partition = fresh()
    partition.archive(0, 1)
    expect(acquire(partition, entries(2, 1))).toEqual([{ firstOffset: 2, lastOffset: 2, deliveryCount: 1 }])
  })
})

describe('acknowledging', () => {
  test.each([
    [AcknowledgeType.ACCEPT, ACKNOWLEDGED],
    [AcknowledgeType.RELEASE, AVAILABLE],
    [AcknowledgeType.REJECT, ARCHIVED],
    [AcknowledgeType.GAP, ARCHIVED],
  ])('type %i leads to state %i', (type, state) => {
    const partition = fresh()
    acquire(partition, entries(2))
    const { changes } = partition.acknowledge('a', [ack(1, 1, type)])
    expect(stateBatchesOf(changes)).toEqual([{ firstOffset: 1, lastOffset: 1, deliveryState: state, deliveryCount: 1 }])
    partition.complete(changes, true)
    expect(partition.at(1)?.state).toBe(state)
    // The record before it is not done with.
    expect(partition.startOffset).toBe(0)
  })

  test('is refused for what another has, for what is done and for what nobody has acquired, and then changes nothing', () => {
    const partition = fresh()
    acquire(partition, entries(3))
    expect(partition.acknowledge('b', [ack(0, 0)]).error).toBe(Errors.INVALID_RECORD_STATE)
    partition.complete(partition.acknowledge('a', [ack(1, 1)]).changes, true)
    expect(partition.acknowledge('a', [ack(0, 0), ack(1, 1)]).error).toBe(Errors.INVALID_RECORD_STATE)
    expect(partition.at(0)).toMatchObject({ state: ACQUIRED, memberId: 'a', inTransition: false })
    expect(partition.acknowledge('a', [ack(2, 3)]).error).toBe(Errors.INVALID_REQUEST)
    expect(partition.at(2)?.state).toBe(ACQUIRED)
  })

  test('of what lies before the start is passed over', () => {
    const partition = fresh()
    acquire(partition, entries(2))
    partition.complete(partition.acknowledge('a', [ack(0, 0)]).changes, true)
    expect(partition.acknowledge('a', [ack(0, 0)])).toEqual({ error: Errors.NONE, changes: [] })
  })

  test('that was not persisted is taken back', () => {
    const partition = fresh()
    acquire(partition, entries(2))
    partition.complete(partition.acknowledge('a', [ack(0, 1)]).changes, false)
    expect(partition.startOffset).toBe(0)
    expect(partition.at(0)).toMatchObject({ state: ACQUIRED, memberId: 'a', deliveryCount: 1 })
  })
})

describe('locks', () => {
  test('that end make records available again, or archive them at the limit', () => {
    const partition = fresh()
    for (const time of [30, 60, 90]) {
      expect(acquire(partition, entries(1), 'a', 10, time)).toHaveLength(1)
      expect(partition.nextExpiry()).toBe(time)
      expect(partition.expire(time - 1)).toEqual([])
      const [change] = partition.expire(time)
      expect(change?.record.state).toBe(time === 90 ? ARCHIVED : AVAILABLE)
    }
    partition.moveStart()
    expect(partition.startOffset).toBe(1)
    expect(partition.nextExpiry()).toBe(Infinity)
  })

  test('do not end what waits to be persisted', () => {
    const partition = fresh()
    acquire(partition, entries(1))
    const { changes } = partition.acknowledge('a', [ack(0, 0)])
    expect(partition.expire(100)).toEqual([])
    partition.complete(changes, false)
    expect(partition.nextExpiry()).toBe(30)
  })

  test('of a session that ended are released without having counted', () => {
    const partition = fresh()
    acquire(partition, entries(1))
    partition.complete(partition.release('a'), true)
    expect(partition.at(0)).toMatchObject({ state: AVAILABLE, deliveryCount: 0 })
  })
})

describe('loading', () => {
  const batch = (firstOffset: number, lastOffset: number, deliveryState: RecordStateId, deliveryCount: number) => ({
    firstOffset,
    lastOffset,
    deliveryState,
    deliveryCount,
  })

  test('what was acquired is available, with the delivery count that was persisted', () => {
    const partition = new SharePartition(LIMITS, 5, 0, [batch(7, 7, AVAILABLE, 2), batch(8, 9, ACKNOWLEDGED, 1)])
    expect(partition.endOffset).toBe(10)
    expect([5, 6, 7, 8, 9].map((offset) => partition.at(offset)?.deliveryCount)).toEqual([0, 0, 2, 1, 1])
    expect(partition.nextFetchOffset()).toBe(5)
  })

  test('what is done with at the start is forgotten', () => {
    const partition = new SharePartition(LIMITS, 5, 0, [batch(5, 6, ACKNOWLEDGED, 1), batch(7, 7, AVAILABLE, 1)])
    expect(partition.startOffset).toBe(7)
  })
})

/** The simplest model: a state and a count for every offset, no window. */
class Model {
  readonly state: RecordStateId[] = []
  readonly count: number[] = []
  readonly owner: string[] = []
  readonly until: number[] = []
  readonly pending = new Set<number>()

  acquire(offset: number, member: string, until: number): boolean {
    if ((this.state[offset] ?? AVAILABLE) !== AVAILABLE || this.pending.has(offset)) return false
    this.state[offset] = ACQUIRED
    this.count[offset] = (this.count[offset] ?? 0) + 1
    this.owner[offset] = member
    this.until[offset] = until
    return true
  }

  giveBack(offset: number): void {
    this.state[offset] = (this.count[offset] as number) >= LIMITS.maxDeliveryCount ? ARCHIVED : AVAILABLE
  }
}

test('random operations leave what a naive model of every record has', () => {
  for (let seed = 0; seed < 6; seed++) {
    const draw = new Stream(`share-${seed}`, 'test')
    const log = entries(...Array.from({ length: 60 }, () => 1 + draw.below(4)))
    let partition = fresh()
    const model = new Model()
    let now = 0
    for (let step = 0; step < 200; step++) {
      const member = `m${draw.below(3)}`
      switch (draw.below(6)) {
        case 0:
        case 1: {
          const from = partition.nextFetchOffset()
          if (!partition.canAcquire()) break
          const until = now + 5 + draw.below(20)
          const read = log.filter(({ lastOffset }) => lastOffset >= from).slice(0, 1 + draw.below(4))
          for (const { firstOffset, lastOffset, deliveryCount } of acquire(partition, read, member, 5, until)) {
            for (let offset = firstOffset; offset <= lastOffset; offset++) {
              expect(model.acquire(offset, member, until)).toBe(true)
              expect(model.count[offset]).toBe(deliveryCount)
            }
          }
          break
        }
        case 2:
        case 3: {
          const first = partition.startOffset + draw.below(8)
          const type = (1 + draw.below(3)) as AcknowledgeTypeId
          const { error, changes } = partition.acknowledge(member, [ack(first, first + draw.below(3), type)])
          const commit = draw.below(4) > 0
          if (error !== Errors.NONE) expect(changes).toEqual([])
          partition.complete(changes, commit)
          if (!commit) break
          for (const { offset } of changes) {
            expect(model.owner[offset]).toBe(member)
            if (type === AcknowledgeType.RELEASE) model.giveBack(offset)
            else model.state[offset] = type === AcknowledgeType.ACCEPT ? ACKNOWLEDGED : ARCHIVED
          }
          break
        }
        case 4: {
          now += draw.below(15)
          const expired = partition.expire(now).map(({ offset }) => offset)
          const due = model.state.flatMap((state, offset) =>
            state === ACQUIRED && (model.until[offset] as number) <= now ? [offset] : [],
          )
          expect(expired).toEqual(due)
          for (const offset of due) model.giveBack(offset)
          partition.moveStart()
          break
        }
        default: {
          const released = partition.release(member)
          partition.complete(released, true)
          for (const { offset } of released) {
            model.count[offset] = (model.count[offset] as number) - 1
            model.state[offset] = AVAILABLE
          }
        }
      }
      for (let offset = partition.startOffset; offset < partition.endOffset; offset++) {
        const record = partition.at(offset)
        expect([record?.state, record?.deliveryCount]).toEqual([model.state[offset], model.count[offset]])
        expect(record?.deliveryCount).toBeLessThanOrEqual(LIMITS.maxDeliveryCount)
      }
      for (let offset = 0; offset < partition.startOffset; offset++)
        expect([ACKNOWLEDGED, ARCHIVED]).toContain(model.state[offset])
      // A new leader reads what was persisted: acquired records are available again.
      if (draw.below(50) === 0) {
        const batches = []
        for (let offset = partition.startOffset; offset < partition.endOffset; offset++) {
          if (model.state[offset] === ACQUIRED) model.state[offset] = AVAILABLE
          const deliveryState = model.state[offset] as RecordStateId
          // Counts beyond the limit never come to be.
          if ((model.count[offset] as number) >= LIMITS.maxDeliveryCount && deliveryState === AVAILABLE)
            model.count[offset] = LIMITS.maxDeliveryCount - 1
          const deliveryCount = model.count[offset] as number
          batches.push({ firstOffset: offset, lastOffset: offset, deliveryState, deliveryCount })
        }
        partition = new SharePartition(LIMITS, partition.startOffset, 0, batches)
      }
    }
  }
})
