import { describe, expect, test } from 'vitest'
import { type RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import { batch, LogWorld, marker, TOPIC } from './log.test.helper.ts'
import type { PartitionLog } from './partition-log.ts'
import { NO_GUARD } from './verification-state.ts'

/** A batch of producer 7's transaction. */
function data(sequence: number, options: { epoch?: number; count?: number; producerId?: number } = {}): RecordBatch {
  return batch({ producerId: 7, transactional: true, sequence, timestamp: 1, ...options })
}

/** Appends a client's batch after the coordinator was asked. */
function verified(log: PartitionLog, made: RecordBatch, supportsEpochBump = false): number {
  const { producerId, baseSequence, producerEpoch } = made
  const guard = log.transactions.startVerification(producerId, baseSequence, producerEpoch, supportsEpochBump)
  return log.appendAsLeader(made, 0, 'CLIENT', guard).errorCode
}

function end(log: PartitionLog, made: RecordBatch, transactionVersion = 0): number {
  return log.appendAsLeader(made, 0, 'COORDINATOR', NO_GUARD, transactionVersion).errorCode
}

/** Last stable offset with everything replicated. */
function stable(log: PartitionLog): number {
  log.setHighWatermark(log.logEndOffset, 0, true)
  return log.lastStableOffset
}

describe('a transaction begins', () => {
  test('with a guard only, and goes on without', () => {
    const { log } = new LogWorld()
    expect(log.appendAsLeader(data(0), 0).errorCode).toBe(Errors.INVALID_TXN_STATE)
    expect(verified(log, data(0))).toBe(Errors.NONE)
    expect(log.transactions.startVerification(7, 1, 0, false)).toBe(NO_GUARD)
    expect(log.appendAsLeader(data(1), 0).errorCode).toBe(Errors.NONE)
    expect(stable(log)).toBe(0)
  })

  test('not any more when a marker came between the question and the append (KAFKA-14884)', () => {
    const { log } = new LogWorld()
    const guard = log.transactions.startVerification(7, 0, 0, false)
    expect(end(log, marker('ABORT'))).toBe(Errors.NONE)
    expect(log.appendAsLeader(data(0), 0, 'CLIENT', guard).errorCode).toBe(Errors.INVALID_TXN_STATE)
    // Nor when somebody has asked anew: the old word is not the new one's.
    const again = log.transactions.startVerification(7, 0, 0, false)
    expect(again).not.toBe(guard)
    expect(log.appendAsLeader(data(0), 0, 'CLIENT', guard).errorCode).toBe(Errors.INVALID_TXN_STATE)
    expect(log.appendAsLeader(data(0), 0, 'CLIENT', again).errorCode).toBe(Errors.NONE)
  })

  test('all the same where guards are switched off', () => {
    const log = new LogWorld(TOPIC, { 'transaction.partition.verification.enable': false }).log
    expect(log.appendAsLeader(data(0), 0).errorCode).toBe(Errors.NONE)
    expect(stable(log)).toBe(0)
  })

  test('with the same guard for all batches that wait', () => {
    const { log } = new LogWorld()
    const guards = [0, 1].map((sequence) => log.transactions.startVerification(7, sequence, 0, false))
    expect(new Set(guards).size).toBe(1)
  })

  test('with the lowest batch that was seen to wait, not with one behind it', () => {
    const { log } = new LogWorld()
    log.transactions.startVerification(7, 3, 0, false)
    const guard = log.transactions.startVerification(7, 5, 0, false)
    expect(log.appendAsLeader(data(5), 0, 'CLIENT', guard).errorCode).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    // The refusal leaves the question open.
    expect(log.appendAsLeader(data(3), 0, 'CLIENT', guard).errorCode).toBe(Errors.NONE)
  })

  test('with sequence 0 where nothing of the producer is known, if every transaction has its own epoch', () => {
    const { log } = new LogWorld()
    expect(verified(log, data(4), true)).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(verified(log, batch({ producerId: 8, transactional: true, sequence: 4 }))).toBe(Errors.NONE)
    expect(verified(log, data(0), true)).toBe(Errors.NONE)
  })

  test('and keeps other batches of its producer out', () => {
    const { log } = new LogWorld()
    verified(log, data(0))
    expect(log.appendAsLeader(batch({ producerId: 7, sequence: 1 }), 0).errorCode).toBe(Errors.INVALID_TXN_STATE)
  })

  test('never for a producer that is fenced, whatever its guard', () => {
    const { log } = new LogWorld()
    end(log, marker('ABORT', { epoch: 3 }))
    const guard = log.transactions.startVerification(7, 0, 2, false)
    expect(log.appendAsLeader(data(0, { epoch: 2 }), 0, 'CLIENT', guard).errorCode).toBe(Errors.INVALID_PRODUCER_EPOCH)
    expect(log.appendAsLeader(data(0, { epoch: 2 }), 0).errorCode).toBe(Errors.INVALID_PRODUCER_EPOCH)
  })

  test('not anew by a duplicate of what it has ended with', () => {
    const { log } = new LogWorld()
    const first = data(0)
    verified(log, first)
    end(log, marker('COMMIT'))
    expect(log.appendAsLeader(first, 0)).toMatchObject({ errorCode: Errors.NONE, duplicate: true, baseOffset: 0 })
    expect(stable(log)).toBe(2)
  })

  test('with what the group coordinator writes, which has no sequence', () => {
    const { log } = new LogWorld()
    const offsets = data(-1)
    expect(log.appendAsLeader(offsets, 0, 'COORDINATOR').errorCode).toBe(Errors.INVALID_TXN_STATE)
    const guard = log.transactions.startVerification(7, -1, 0, false)
    expect(log.appendAsLeader(offsets, 0, 'COORDINATOR', guard).errorCode).toBe(Errors.NONE)
    expect(log.appendAsLeader(data(-1), 0, 'COORDINATOR').errorCode).toBe(Errors.NONE)
    expect(stable(log)).toBe(0)
  })
})

describe('a marker', () => {
  test('ends the transaction, has one offset and no sequence', () => {
    const { log } = new LogWorld()
    verified(log, data(0, { count: 3 }))
    expect(log.appendAsLeader(marker('COMMIT'), 0, 'COORDINATOR')).toMatchObject({ baseOffset: 3, lastOffset: 3 })
    expect(stable(log)).toBe(4)
    // The sequence goes on behind it where the epoch stays.
    expect(verified(log, data(3))).toBe(Errors.NONE)
  })

  test('with a higher epoch lets the sequence begin anew', () => {
    const { log } = new LogWorld()
    verified(log, data(0, { count: 3 }))
    end(log, marker('COMMIT', { epoch: 1 }))
    expect(verified(log, data(3, { epoch: 1 }))).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(verified(log, data(0, { epoch: 1 }))).toBe(Errors.NONE)
  })

  test('without a transaction only tells epochs and has an offset', () => {
    const { log } = new LogWorld()
    expect(end(log, marker('COMMIT', { epoch: 2, coordinatorEpoch: 5 }))).toBe(Errors.NONE)
    expect(stable(log)).toBe(1)
    expect(log.transactions.index.all).toEqual([])
    expect(end(log, marker('COMMIT', { epoch: 2, coordinatorEpoch: 4 }))).toBe(Errors.TRANSACTION_COORDINATOR_FENCED)
    expect(end(log, marker('COMMIT', { epoch: 1, coordinatorEpoch: 6 }))).toBe(Errors.INVALID_PRODUCER_EPOCH)
    expect(end(log, marker('COMMIT', { epoch: 2, coordinatorEpoch: 5 }))).toBe(Errors.NONE)
    expect(log.logEndOffset).toBe(2)
  })

  test('of the epoch that is open ends it, unless markers must be of a higher one (KIP-1228)', () => {
    for (const [version, code] of [
      [0, Errors.NONE],
      [1, Errors.NONE],
      [2, Errors.INVALID_PRODUCER_EPOCH],
    ] as const) {
      const { log } = new LogWorld()
      verified(log, data(0, { epoch: 1 }))
      expect(end(log, marker('COMMIT', { epoch: 1 }), version)).toBe(code)
    }
    const { log } = new LogWorld()
    verified(log, data(0, { epoch: 1 }))
    expect(end(log, marker('COMMIT', { epoch: 2 }), 2)).toBe(Errors.NONE)
    // It comes again, as its answer was lost.
    expect(end(log, marker('COMMIT', { epoch: 2 }), 2)).toBe(Errors.NONE)
  })

  test('that aborts is in the index, with the offset below which all was decided', () => {
    const { log } = new LogWorld()
    verified(log, data(0, { producerId: 8 }))
    verified(log, data(0, { count: 2 }))
    end(log, marker('ABORT'))
    end(log, marker('ABORT', { producerId: 8 }))
    expect(log.transactions.index.all).toEqual([
      { producerId: 7, firstOffset: 1, lastOffset: 3, lastStableOffset: 0 },
      { producerId: 8, firstOffset: 0, lastOffset: 4, lastStableOffset: 5 },
    ])
    expect(log.transactions.aborted(0, 1).map((txn) => txn.producerId)).toEqual([8])
    expect(log.transactions.aborted(4, 9).map((txn) => txn.producerId)).toEqual([8])
    expect(log.transactions.aborted(5, 9)).toEqual([])
  })
})

describe('the last stable offset', () => {
  test('waits for the first transaction that is open and for its marker to be replicated', () => {
    const { log } = new LogWorld()
    log.appendAsLeader(batch(), 0)
    verified(log, data(0))
    verified(log, data(0, { producerId: 8 }))
    expect(stable(log)).toBe(1)
    end(log, marker('COMMIT'))
    expect(log.lastStableOffset).toBe(1)
    expect(stable(log)).toBe(2)
    end(log, marker('COMMIT', { producerId: 8 }))
    expect(log.lastStableOffset).toBe(2)
    log.setHighWatermark(log.logEndOffset - 1, 0, true)
    expect(log.lastStableOffset).toBe(2)
    expect(stable(log)).toBe(5)
  })

  test('is the high watermark while that is below', () => {
    const { log } = new LogWorld()
    log.appendAsLeader(batch({ count: 2 }), 0)
    verified(log, data(0))
    log.setHighWatermark(1, 0, true)
    expect(log.lastStableOffset).toBe(1)
  })
})

describe('what is known of transactions', () => {
  test('comes back after every kind of end', () => {
    for (const ending of ['crash', 'stop', 'power'] as const) {
      const world = new LogWorld()
      const { log } = world
      verified(log, data(0))
      end(log, marker('ABORT', { epoch: 1, coordinatorEpoch: 4 }))
      verified(log, data(0, { epoch: 1 }))
      const index = log.transactions.index.all
      if (ending === 'power') world.losePower(9)
      else if (ending === 'stop') world.stopCleanly(1)
      else world.crash()
      const again = world.restart()
      expect(again.transactions.index.all).toEqual(index)
      expect(again.transactions.oldest).toEqual({ producerId: 7, firstOffset: 2, lastOffset: -1 })
      expect(again.appendAsLeader(data(1, { epoch: 1 }), 0).errorCode).toBe(Errors.NONE)
      expect(end(again, marker('ABORT', { epoch: 2, coordinatorEpoch: 3 }))).toBe(Errors.TRANSACTION_COORDINATOR_FENCED)
    }
  })

  test('but for which markers were not replicated (`ProducerStateManager.loadFromSnapshot`)', () => {
    const world = new LogWorld()
    verified(world.log, data(0))
    end(world.log, marker('COMMIT'))
    world.log.setHighWatermark(1, 0, true)
    expect(world.log.lastStableOffset).toBe(0)
    const again = world.crash().restart()
    again.setHighWatermark(1, 0, true)
    expect(again.lastStableOffset).toBe(1)
  })

  test('is cut with the log: a transaction is open again without its marker, and was never with nothing left', () => {
    const { log } = new LogWorld()
    verified(log, data(0, { count: 2 }))
    end(log, marker('ABORT'))
    log.truncateTo(2)
    expect(log.transactions.index.all).toEqual([])
    expect(log.transactions.oldest?.firstOffset).toBe(0)
    expect(stable(log)).toBe(0)
    log.truncateTo(0)
    expect(log.transactions.oldest).toBeUndefined()
    expect(stable(log)).toBe(0)
  })

  test('expires, but never while a transaction is open', () => {
    const world = new LogWorld(TOPIC, { 'producer.id.expiration.ms': 1000 })
    const { log } = world
    verified(log, data(0))
    log.transactions.startVerification(8, 5, 0, false)
    world.pass(5_000_000)
    log.removeExpiredProducers()
    expect(log.transactions.producerEpoch(7)).toBe(0)
    end(log, marker('COMMIT', { timestamp: 4500 }))
    log.removeExpiredProducers()
    expect(log.transactions.producerEpoch(7)).toBe(0)
    world.pass(500_000)
    log.removeExpiredProducers()
    expect(log.transactions.producerEpoch(7)).toBe(-1)
    // The lowest sequence seen while the question was open is forgotten with it.
    expect(verified(log, data(7, { producerId: 8 }))).toBe(Errors.NONE)
  })

  test('tells when the oldest open transaction is late', () => {
    const world = new LogWorld()
    const { log } = world
    expect(log.transactions.isLate(0)).toBe(false)
    verified(log, data(0))
    world.pass(3_000_000)
    expect([log.transactions.isLate(2998), log.transactions.isLate(2999)]).toEqual([true, false])
    end(log, marker('ABORT'))
    expect(log.transactions.isLate(0)).toBe(false)
  })
})
