import { describe, expect, test } from 'vitest'
import { load } from './fixture.test.helper.ts'
import { check, consumer } from './reading.test.helper.ts'

const SHARED = 'from: orders, share: true'
const share = (config: string, keys = ''): string =>
  consumer(`{ ${SHARED}, config: { group.id: b, share.auto.offset.reset: earliest${config} }${keys} }`)

describe('share groups', () => {
  test('are consumers with outcomes', () => {
    const text = share(', share.acknowledgement.mode: explicit', ', acknowledge: { release: 0.2, reject: 0.05 }')
    const file = load(text)
    expect(file.diagnostics).toEqual([])
    const [workers] = file.scenarios[0]?.spec.consumers ?? []
    expect(workers?.share).toEqual({ releasePerMille: 200, rejectPerMille: 50 })
    expect(workers?.config['share.acknowledgement.mode']).toBe('explicit')
  })

  check([
    ['a consumer setting that Kafka refuses there', share(', auto.offset.reset: earliest'), ['CONFIG_REFUSED 4:110']],
    ['another', share(', session.timeout.ms: 10s'), ['CONFIG_REFUSED 4:110']],
    ['a lock below what brokers take', share(', share.record.lock.duration.ms: 5s'), ['CONFIG_REFUSED 4:141']],
    ['assign', share('', ', assign: [orders-0]'), ['IMPOSSIBLE 4:112']],
    ['hand-off', share('', ', handling: { hand-off: 2 }'), ['NOT_SIMULATED 4:112']],
    ['acknowledge in implicit mode', share('', ', acknowledge: { release: 0.2 }'), ['IMPOSSIBLE 4:112']],
    [
      'more than everything',
      share(', share.acknowledgement.mode: explicit', ', acknowledge: { release: 0.6, reject: 0.6 }'),
      ['RANGE 4:150'],
    ],
    [
      'accepting first',
      share(', share.acknowledgement.mode: explicit', ', commit: before-processing, acknowledge: { reject: 0.6 }'),
      ['IMPOSSIBLE 4:177'],
    ],
    [
      'settings of share groups elsewhere',
      consumer(
        '{ from: orders, config: { group.id: b, auto.offset.reset: earliest, share.isolation.level: read_committed } }',
      ),
      ['CONFIG_REFUSED 4:91'],
    ],
  ])

  test.each([['order-per-key'], ['offset-safety'], ['single-owner']])('are not promised %s', (guarantee) => {
    const text = share('').replace('{ exactly-once: holds }', `{ billing:${guarantee}: holds }`)
    const messages = load(text).diagnostics.map(({ message }) => message)
    expect(messages).toEqual([expect.stringContaining('cannot be judged')])
  })
})
