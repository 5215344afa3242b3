import { describe, expect, test } from 'vitest'
import { load } from './fixture.test.helper.ts'

/** A consumer with these settings in a cluster with those. */
function told(config: string, cluster = '', more = ''): readonly string[] {
  const text = `scenario: s
cluster: { config: { ${cluster} } }
topics: { orders: { partitions: 2, replication.factor: 3 } }
producers: { checkout: { to: orders } }
expect: { at-least-once: holds }
consumers:
  billing: { from: orders, config: { group.id: b, auto.offset.reset: earliest, ${config} } }
${more}`
  return load(text).diagnostics.map(({ severity, message, help }) => {
    return `${severity}: ${message}${help === undefined || help === null ? '' : ` (${help})`}`
  })
}

describe('a consumer of the consumer protocol', () => {
  test('is taken, with an assignor of the brokers', () => {
    expect(told('group.protocol: CONSUMER, group.remote.assignor: range')).toEqual([])
  })

  test('may not set what the brokers decide', () => {
    expect(told('group.protocol: consumer, session.timeout.ms: 10s')).toEqual([
      'error: Kafka refuses this consumer: session.timeout.ms cannot be set when group.protocol=CONSUMER (the brokers decide: write `group.consumer.session.timeout.ms` into `cluster.config`)',
    ])
    expect(told('group.protocol: consumer, partition.assignment.strategy: range')[0]).toContain(
      'partition.assignment.strategy cannot be set when group.protocol=CONSUMER',
    )
  })

  test('is refused with an assignor that brokers do not have', () => {
    expect(told('group.protocol: consumer, group.remote.assignor: unifrom')).toEqual([
      'error: brokers assign by `uniform` or `range` (`group.consumer.assignors`), not by `unifrom`; they refuse the member with UNSUPPORTED_ASSIGNOR (did you mean `uniform`?)',
    ])
    expect(
      told('group.protocol: consumer, group.remote.assignor: range', 'group.consumer.assignors: uniform'),
    ).toHaveLength(1)
  })

  test('needs a client that knows it', () => {
    const old =
      '  old: { from: orders, profile: kafka-2.8, config: { group.id: o, auto.offset.reset: earliest, group.protocol: consumer } }'
    expect(told('', '', old)[0]).toContain('a client of Kafka 2.8 knows only the classic protocol')
  })
})

test('a consumer of the classic protocol names no assignor of the brokers', () => {
  expect(told('group.remote.assignor: uniform')[0]).toContain(
    'group.remote.assignor cannot be set when group.protocol=CLASSIC',
  )
})

describe('brokers', () => {
  test.each([
    [
      'group.consumer.session.timeout.ms: 10s',
      'must be greater than or equal to group.consumer.min.session.timeout.ms',
    ],
    ['group.consumer.session.timeout.ms: 61s', 'must be less than or equal to group.consumer.max.session.timeout.ms'],
    ['group.consumer.heartbeat.interval.ms: 1s', 'greater than or equal to group.consumer.min.heartbeat.interval.ms'],
    [
      'group.consumer.min.session.timeout.ms: 5s, group.consumer.session.timeout.ms: 5s',
      'group.consumer.heartbeat.interval.ms (5000) must be less than group.consumer.session.timeout.ms (5000)',
    ],
    ['group.consumer.migration.policy: both', '`group.consumer.migration.policy` must be `bidirectional`, `upgrade`'],
    ['group.consumer.assignors: sticky', '`group.consumer.assignors` must be'],
  ])('refuse %s', (setting, message) => {
    const [first, ...others] = told('', setting)
    expect(first).toContain(message)
    expect(others).toEqual([])
  })

  test('that convert no groups are warned of where members speak both protocols', () => {
    const older = '  older: { from: orders, config: { group.id: b, auto.offset.reset: earliest } }'
    expect(told('group.protocol: consumer', '', older)).toEqual([])
    expect(told('group.protocol: consumer', 'group.consumer.migration.policy: downgrade', older)).toEqual([
      'warning: `older` and `billing` are one group, `b`, by two protocols: with `group.consumer.migration.policy: downgrade` brokers refuse `billing` while `older` is there, with GROUP_ID_NOT_FOUND (write `bidirectional` or `upgrade`)',
    ])
  })
})
