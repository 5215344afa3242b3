import { describe, expect, test } from 'vitest'
import { BASE, load, marks } from '../fixture.test.helper.ts'

describe("YAML's traps", () => {
  const trap = (text: string): readonly [string | undefined, string | null | undefined, number] => {
    const file = load(text)
    const [first] = file.diagnostics
    return [marks(file)[0], first?.help, file.diagnostics.length]
  }

  test('an unquoted brace in a flow map', () => {
    const text = BASE.replace('{ to: orders }', '{ to: orders, config: { client.id: pay-${instance}, acks: all } }')
    expect(trap(text)).toEqual(['YAML_TRAP 4:48', 'write `"pay-${instance}"`', 1])
  })

  test('a comma inside any(...) in a flow map', () => {
    expect(trap(`${BASE}faults: [ { at: 1s, crash: any(broker-1, checkout) } ]\n`)).toEqual([
      'YAML_TRAP 6:28',
      'write `{ any: [broker-1, checkout] }`',
      1,
    ])
  })

  test('the same in a list, and without braces', () => {
    expect(trap(`${BASE}faults: [ { at: 1s, partition: [ [any(broker-1, broker-2)], [rest] ] } ]\n`)[0]).toBe(
      'YAML_TRAP 6:35',
    )
    expect(trap(`${BASE}faults:\n  - at: 1s\n    crash: any(broker-1, checkout)\n`)).toEqual([
      'TARGET 8:12',
      'write `{ any: [broker-1, checkout] }`',
      1,
    ])
  })

  test('an index after a space is a comment', () => {
    const help = 'write `checkout#0`, without the space'
    expect(trap(`${BASE}faults:\n  - at: 1s\n    crash: checkout #0\n`)).toEqual(['YAML_TRAP 8:12', help, 1])
    expect(trap(`${BASE}faults: [ { at: 1s, crash: checkout #0 } ]\n`).slice(0, 2)).toEqual(['YAML_TRAP 6:28', help])
  })

  test('tabs and keys written twice', () => {
    expect(trap(`${BASE}run:\n\tfor: 1s\n`)).toEqual(['YAML 7:1', 'indent with spaces', 1])
    expect(marks(load(`${BASE}run: { for: 1s, for: 2s }\n`))).toEqual(['DUPLICATE_KEY 6:17 6:8'])
  })
})

describe('what is no scenario', () => {
  test.each(
    [
      ['', 'EMPTY'],
      ['# only a comment\n', 'EMPTY'],
      ['- a list\n', 'NOT_A_MAP 1:1'],
      ['just text\n', 'NOT_A_MAP 1:1'],
      ['a: 1\n---\nb: 2\n', 'MANY_DOCUMENTS 2:1'],
      ['%YAML 1.1\n---\na: yes\n', 'YAML'],
      ['a: [1, 2\n', 'YAML 2:1'],
      ['a: "open\n', 'YAML 2:1'],
      ['a: *nobody\n', 'ALIAS 1:4'],
      ['a: &a [ *a ]\n', 'ALIAS 1:9'],
      ['a: !tag 1\n', 'YAML 1:4'],
      ['? [a]\n: b\n', 'YAML 1:3'],
      ['a\u0000b', 'NOT_TEXT 1:2'],
      ['\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0001\u0002', 'NOT_TEXT 1:9'],
      [`a: ${'['.repeat(70)}`, 'TOO_DEEP 1:67'],
      [Array.from({ length: 70 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), 'TOO_DEEP 65:65'],
      ['- '.repeat(70), 'TOO_DEEP 1:129'],
      ['a'.repeat(1024 * 1024 + 1), 'TOO_LARGE'],
      ['é'.repeat(600_000), 'TOO_LARGE'],
      ['a: b\n'.repeat(100_000), 'TOO_LARGE'],
    ].map(([text = '', expected]) => [JSON.stringify(text).slice(0, 60), text, expected]),
  )('%s', (_, text, expected) => {
    const file = load(text)
    expect(marks(file)[0]).toBe(expected)
    expect(file.scenarios).toEqual([])
  })

  test('brackets in text and comments are no nesting', () => {
    const text = `${BASE}# ${'['.repeat(100)}\nabout: "${'{'.repeat(100)}"\n`
    expect(load(text).diagnostics).toEqual([])
  })

  test('an alias bomb', () => {
    const row = (i: number): string =>
      `b${i}: &b${i} [${Array(9)
        .fill(i === 0 ? '1' : `*b${i - 1}`)
        .join(', ')}]\n`
    const file = load(Array.from({ length: 30 }, (_, i) => row(i)).join(''))
    expect(file.diagnostics.map((each) => each.code)).toContain('TWICESHY_ALIAS')
    expect(file.scenarios).toEqual([])
  })

  test('aliases and JSON are fine', () => {
    expect(
      load(BASE.replace('{ to: orders }', '&p { to: orders }').replace('\nexpect', '\n  other: *p\nexpect'))
        .scenarios[0]?.spec.producers,
    ).toHaveLength(2)
    const json =
      '{"scenario":"j","topics":{"orders":{}},"producers":{"p":{"to":"orders"}},"expect":{"exactly-once":"holds"}}'
    expect(load(json).diagnostics).toEqual([])
  })
})
