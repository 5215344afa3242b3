import { describe, expect, test } from 'vitest'
import { load, marks } from './fixture.test.helper.ts'

const file = (profile: string): string => `
scenario: an older cluster
profile: ${profile}
topics: { orders: { partitions: 1 } }
producers: { checkout: { to: orders, send: { records: 100, every: 20ms } } }
expect: { durability: holds }
`

describe('rules of brokers that were never together', () => {
  test.each([
    ['follower.begins: another-leader', 'log.truncation: on-fetch'],
    ['fetch.diverging.offset: counted', 'log.truncation: leader-epoch'],
    ['fetch.diverging.high.watermark: taken-over', 'log.truncation: high-watermark'],
  ])('%s contradicts %s', (one, other) => {
    const { diagnostics, scenarios } = load(file(`{ base: kafka-4.1, ${one}, ${other} }`))
    expect(scenarios).toEqual([])
    expect(diagnostics.map(({ message }) => message)).toEqual([`\`${one}\` contradicts \`${other}\``])
    expect(diagnostics[0]?.help).toContain('it goes with log.truncation')
  })

  test('the mark is where the rule is switched, though the other is that of the base', () => {
    expect(marks(load(file('{ base: kafka-4.1, follower.begins: another-leader }')))).toEqual(['IMPOSSIBLE 3:29'])
  })

  test('what goes together is taken', () => {
    const { scenarios } = load(file('{ log.truncation: leader-epoch, follower.begins: another-leader }'))
    expect(scenarios[0]?.spec.profile).toMatchObject({
      'log.truncation': 'leader-epoch',
      'follower.begins': 'another-leader',
    })
    expect(load(file('{ log.truncation: leader-epoch, follower.begins: each-epoch }')).diagnostics).toEqual([])
  })
})
