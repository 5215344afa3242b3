import { beforeEach, describe, expect, test } from 'vitest'
import type { KafkaProducer } from '../kafka/client/kafka-producer.ts'
import type { TransactionCall } from '../kafka/client/transaction/transaction-core.ts'
import type { TransactionError } from '../kafka/client/transaction/transaction-error.ts'
import { Errors } from '../kafka/protocol/errors.ts'
import { type TransactionEnd, TransactionRunner } from './transaction-runner.ts'

const error = (kind: TransactionError['kind']): TransactionError => ({
  kind,
  exception: 'KafkaException',
  error: Errors.UNKNOWN_SERVER_ERROR,
  message: kind,
})

/** A producer that notes the calls; a call named in `refusals` is refused at once. */
class Calls {
  readonly made: string[] = []
  readonly refusals: Map<string, TransactionError> = new Map()

  private note(call: string): TransactionError | null {
    this.made.push(call)
    return this.refusals.get(call) ?? null
  }

  readonly transactions = {
    initTransactions: () => this.note('init'),
    beginTransaction: () => this.note('begin'),
    sendOffsetsToTransaction: () => this.note('offsets'),
    commitTransaction: () => this.note('commit'),
    abortTransaction: () => this.note('abort'),
  }
}

let told: string[]
let calls: Calls
let runner: TransactionRunner

beforeEach(() => {
  told = []
  calls = new Calls()
  runner = new TransactionRunner({
    onTransactionsReady: () => told.push('ready'),
    onTransactionEnded: (end: TransactionEnd) => told.push(end),
    onProducerUnusable: () => told.push('unusable'),
  })
})

function returned(call: TransactionCall, kind: TransactionError['kind'] | null = null): void {
  runner.onTransactionReturned(call, kind === null ? null : error(kind))
}

function ready(): void {
  runner.initialize(calls as unknown as KafkaProducer)
  returned('initTransactions')
  told.length = 0
  calls.made.length = 0
}

const OFFSETS = { offsets: [], group: { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null } }

describe('initTransactions()', () => {
  test('is called again when it timed out', () => {
    runner.initialize(calls as unknown as KafkaProducer)
    returned('initTransactions', 'timeout')
    expect([calls.made, told]).toEqual([['init', 'init'], []])
    returned('initTransactions')
    expect([told, runner.isReady]).toEqual([['ready'], true])
  })

  test('that fails leaves a producer of no use', () => {
    runner.initialize(calls as unknown as KafkaProducer)
    returned('initTransactions', 'fatal')
    expect([told, runner.isReady]).toEqual([['unusable'], false])
  })
})

describe('commit', () => {
  test('sends offsets first', () => {
    ready()
    runner.begin(1)
    runner.commit(OFFSETS, 'retry')
    returned('sendOffsetsToTransaction')
    returned('commitTransaction')
    expect([calls.made, told]).toEqual([['begin', 'offsets', 'commit'], ['committed']])
  })

  test.each([
    ['retry', ['begin', 'commit', 'commit'], []],
    ['give-up', ['begin', 'commit'], ['unknown']],
    ['abort', ['begin', 'commit', 'abort'], []],
  ] as const)('that times out: %s', (onUnknown, made, expected) => {
    ready()
    runner.begin(1)
    runner.commit(null, onUnknown)
    returned('commitTransaction', 'timeout')
    expect([calls.made, told]).toEqual([made, expected])
  })

  test('an abort that the client refuses after a commit of unknown outcome leaves it unknown', () => {
    ready()
    calls.refusals.set('abort', error('illegal'))
    runner.begin(1)
    runner.commit(null, 'abort')
    returned('commitTransaction', 'timeout')
    expect(told).toEqual(['unknown'])
  })

  test('an abortable error is followed by an abort, and the transaction has failed', () => {
    ready()
    runner.begin(1)
    runner.commit(OFFSETS, 'retry')
    returned('sendOffsetsToTransaction', 'abortable')
    returned('abortTransaction')
    expect([calls.made, told]).toEqual([['begin', 'offsets', 'abort'], ['failed']])
    expect(runner.isReady).toBe(true)
  })

  test('a fatal error leaves the outcome of a commit open, and the producer of no use', () => {
    ready()
    runner.begin(1)
    runner.commit(null, 'retry')
    returned('commitTransaction', 'fatal')
    expect(told).toEqual(['unknown', 'unusable'])
  })

  test('a fatal error before the commit means that it did not happen', () => {
    ready()
    runner.begin(1)
    runner.commit(OFFSETS, 'retry')
    returned('sendOffsetsToTransaction', 'fatal')
    expect(told).toEqual(['failed', 'unusable'])
  })

  test('a call that is refused at once counts as one that fails', () => {
    ready()
    calls.refusals.set('commit', error('abortable'))
    runner.begin(1)
    runner.commit(null, 'retry')
    expect(calls.made).toEqual(['begin', 'commit', 'abort'])
  })
})

describe('abort', () => {
  test('is what the application wanted', () => {
    ready()
    runner.begin(1)
    runner.abort()
    returned('abortTransaction')
    expect(told).toEqual(['aborted'])
  })

  test('is called again when it timed out', () => {
    ready()
    runner.begin(1)
    runner.abort()
    returned('abortTransaction', 'timeout')
    returned('abortTransaction')
    expect([calls.made, told]).toEqual([['begin', 'abort', 'abort'], ['aborted']])
  })
})

test('a producer that refuses to begin is of no use', () => {
  ready()
  calls.refusals.set('begin', error('fatal'))
  expect(runner.begin(1)).toBe(false)
  expect(told).toEqual(['unusable'])
})
