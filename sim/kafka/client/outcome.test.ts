import { describe, expect, it } from 'vitest'
import { constant } from '../../kernel/spread.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { Errors, type ErrorName } from '../protocol/errors.ts'
import { FakeCluster } from './fake-cluster.test.support.ts'
import { TestApp } from './test-app.test.support.ts'

/**
 * What the application may conclude from each error code, and whether the client tries again: with retries used up
 * immediately, the callback's word is that of the one answer.
 */
const TABLE: readonly (readonly [ErrorName, 'failed' | 'unknown', 'retried' | 'final'])[] = [
  ['UNKNOWN_SERVER_ERROR', 'unknown', 'final'],
  ['CORRUPT_MESSAGE', 'failed', 'retried'],
  ['UNKNOWN_TOPIC_OR_PARTITION', 'failed', 'retried'],
  ['LEADER_NOT_AVAILABLE', 'unknown', 'retried'],
  ['NOT_LEADER_OR_FOLLOWER', 'unknown', 'retried'],
  ['REQUEST_TIMED_OUT', 'unknown', 'retried'],
  ['MESSAGE_TOO_LARGE', 'failed', 'final'],
  ['NETWORK_EXCEPTION', 'unknown', 'retried'],
  ['RECORD_LIST_TOO_LARGE', 'failed', 'final'],
  ['NOT_ENOUGH_REPLICAS', 'failed', 'retried'],
  ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'unknown', 'retried'],
  ['INVALID_REQUIRED_ACKS', 'failed', 'final'],
  ['TOPIC_AUTHORIZATION_FAILED', 'failed', 'final'],
  ['CLUSTER_AUTHORIZATION_FAILED', 'failed', 'final'],
  ['UNSUPPORTED_VERSION', 'unknown', 'final'],
  ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'unknown', 'final'],
  ['INVALID_PRODUCER_EPOCH', 'unknown', 'final'],
  ['INVALID_TXN_STATE', 'unknown', 'final'],
  ['KAFKA_STORAGE_ERROR', 'unknown', 'retried'],
  ['UNKNOWN_PRODUCER_ID', 'unknown', 'final'],
  ['FENCED_LEADER_EPOCH', 'unknown', 'retried'],
  ['UNKNOWN_LEADER_EPOCH', 'unknown', 'retried'],
  ['INVALID_RECORD', 'failed', 'final'],
  ['UNKNOWN_TOPIC_ID', 'unknown', 'retried'],
  ['INCONSISTENT_TOPIC_ID', 'unknown', 'retried'],
]

function app(retries: number, error: number, first: 'silent' | null): { readonly c: FakeCluster; readonly a: TestApp } {
  const c = new FakeCluster({ latency: constant(MILLISECOND), boring: true })
  const a = new TestApp(c, { acks: 'all', 'enable.idempotence': false, retries, 'request.timeout.ms': 1000 })
  a.warmUp()
  c.react = (n) => (n === 0 && first !== null ? first : { error })
  a.send()
  c.runUntil(10 * SECOND)
  return { c, a }
}

describe('the outcome of a send', () => {
  it.each(TABLE)('%s means %s and is %s', (name, outcome, again) => {
    const error = Errors[name]
    const one = app(1, error, null)
    expect(one.a.callbacks).toEqual([`1 ${outcome}:${error}`])
    expect(one.c.produces).toHaveLength(again === 'retried' ? 2 : 1)
    expect(one.c.of(`produce.${outcome}`)).toHaveLength(1)
  })

  it.each(TABLE)('%s after a request without an answer is unknown', (name) => {
    const error = Errors[name]
    expect(app(2, error, 'silent').a.callbacks).toEqual([`1 unknown:${error}`])
  })

  it('DUPLICATE_SEQUENCE_NUMBER means acked without an offset', () => {
    expect(app(3, Errors.DUPLICATE_SEQUENCE_NUMBER, null).a.callbacks).toEqual(['1 acked@-1'])
  })

  it('a lost connection means unknown', () => {
    const c = new FakeCluster({ latency: constant(MILLISECOND) })
    const a = new TestApp(c, { 'enable.idempotence': false, retries: 0 })
    a.warmUp()
    c.react = () => 'reset'
    a.send()
    c.runUntil(10 * SECOND)
    expect(a.callbacks).toEqual([`1 unknown:${Errors.NETWORK_EXCEPTION}`])
  })

  it('a request without an answer means unknown', () => {
    const c = new FakeCluster({ latency: constant(MILLISECOND) })
    const a = new TestApp(c, { 'enable.idempotence': false, retries: 0, 'request.timeout.ms': 1000 })
    a.warmUp()
    c.react = () => 'silent'
    a.send()
    c.runUntil(10 * SECOND)
    expect(a.callbacks).toEqual([`1 unknown:${Errors.REQUEST_TIMED_OUT}`])
  })

  it('one batch of a request may fail and another succeed', () => {
    const c = new FakeCluster({
      latency: constant(MILLISECOND),
      topics: [{ name: 'orders', topicId: 1, partitions: 2 }],
    })
    const a = new TestApp(c, { 'enable.idempotence': false, retries: 0 })
    a.warmUp()
    c.react = () => ({ error: Errors.NOT_ENOUGH_REPLICAS, onlyPartition: 1 })
    a.send({ partition: 0 })
    a.send({ partition: 1 })
    c.runUntil(10 * SECOND)
    expect(new Set(a.callbacks)).toEqual(new Set(['1 acked@1', '2 failed:19']))
  })
})
