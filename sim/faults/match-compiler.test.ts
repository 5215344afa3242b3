import { describe, expect, it } from 'vitest'
import { MOMENTS, matchableFields, momentNamed } from '../history/catalogue.ts'
import { problemsOfMatch } from './match-compiler.ts'
import { constant } from '../kernel/spread.ts'
import { producerSpec, worldSpec } from './testing/worlds.ts'
import { WorldNames } from './world-names.ts'

const scripted = {
  ...producerSpec('scripted', 'orders'),
  workload: {
    kind: 'steps',
    steps: [
      { do: 'wait', for: constant(5) },
      { do: 'send', id: 'a', to: 'orders', partition: null, key: null, value: null, timestampUs: null },
      { do: 'send', id: '7', to: 'orders', partition: null, key: null, value: null, timestampUs: null },
    ],
  },
} as const
const names = new WorldNames(worldSpec({ producers: [producerSpec('checkout', 'orders', 2), scripted] }))

const GOOD: Readonly<Record<string, string | number | boolean>> = {
  topic: 'orders',
  partition: 1,
  record: 'checkout#0/5',
  producer: 'checkout',
  api: 'Produce',
  reply: true,
  error: 'NOT_LEADER_OR_FOLLOWER',
  node: 'broker-1',
  isr: 'broker-1,broker-3',
  elr: 'none',
  leader: 'broker-2',
  unclean: false,
  clean: true,
  reset: false,
  settled: true,
}

describe('problemsOfMatch', () => {
  it('accepts every field that the catalogue offers', () => {
    for (const moment of MOMENTS) {
      for (const field of matchableFields(moment)) {
        const type = momentNamed(moment.name)?.fields.find((candidate) => candidate.name === field)?.type
        const value =
          type === 'text' ? 'word' : type === 'node' ? 'broker-2' : type === 'flag' ? true : (GOOD[field] ?? 3)
        expect(
          problemsOfMatch({ moment: moment.name, fields: { [field]: value } }, names),
          `${moment.name} ${field}`,
        ).toEqual([])
      }
    }
  })

  it.each([
    ['no.moment', {}, null, 'no moment'],
    ['produce.acked', { topc: 'orders' }, 'topc', 'it has node, record, producer, attempt, topic, partition, offset'],
    ['produce.acked', { topic: 'order' }, 'topic', 'topics are orders'],
    ['produce.acked', { partition: -1 }, 'partition', 'whole number from 0'],
    ['produce.acked', { offset: 'five' }, 'offset', 'whole number'],
    ['produce.acked', { record: 'checkout#7/5' }, 'record', 'checkout#0/5'],
    ['produce.acked', { record: 'checkout#0/x' }, 'record', 'no record'],
    ['produce.acked', { producer: 'broker-1' }, 'producer', 'no producer'],
    ['produce.failed', { error: 'TIMEOUT' }, 'error', 'no error'],
    ['request.sent', { api: 'produce' }, 'api', 'no request'],
    ['request.sent', { reply: 1 }, 'reply', 'neither true nor false'],
    ['request.sent', { to: 'broker-4' }, 'to', 'nodes are controller-1, broker-1, broker-2, broker-3, checkout#0'],
    ['isr.changed', { isr: 'broker-1,checkout#0' }, 'isr', 'no broker "checkout#0"'],
  ] as const)('refuses %s %j', (moment, fields, field, words) => {
    const [problem, ...others] = problemsOfMatch({ moment, fields }, names)
    expect(others).toEqual([])
    expect(problem?.field).toBe(field)
    expect(problem?.problem).toContain(words)
  })

  it('tells every problem at once', () => {
    expect(problemsOfMatch({ moment: 'produce.acked', fields: { topic: 'x', offset: 'y' } }, names)).toHaveLength(2)
  })

  it('finds records of scripts by their ids, counted in sending order', () => {
    expect(names.record('scripted#0/a') & 0xfffff).toBe(0)
    expect(names.record('scripted#0/7') & 0xfffff).toBe(1)
    expect(names.record('scripted#0/a') >>> 20).toBe(names.node('scripted#0'))
  })
})
