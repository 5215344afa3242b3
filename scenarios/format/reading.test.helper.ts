import { expect, test } from 'vitest'
import { load, marks, READING } from './fixture.test.helper.ts'

export const BILLING = '{ from: orders, config: { group.id: b, auto.offset.reset: earliest } }'
export const PLAIN = 'group.id: b, auto.offset.reset: earliest'
/** With an application of every kind. */
export const WITH_ALL: string = `${READING}processors:
  p: { from: orders, to: payments, config: { group.id: p, auto.offset.reset: earliest } }
stores: { ledger: }
sinks:
  w: { from: payments, into: ledger, config: { group.id: w, auto.offset.reset: earliest } }
`
/** The consumer's value begins in column 23 of line 4. */
export const consumer = (text: string): string => READING.replace(BILLING, text)
/** The setting begins in column 91 of line 4. */
export const config = (text: string): string => consumer(`{ from: orders, config: { ${PLAIN}, ${text} } }`)
/** The key begins in column 93 of line 4. */
export const keys = (text: string): string => consumer(`{ from: orders, config: { ${PLAIN} }, ${text} }`)
export const steps = (text: string): string => consumer(`{ assign: [orders-0], steps: [${text}] }`)
/** Lines 1 to 5 are READING's; a case's text follows from line 6. */
export const after = (text: string): string => `${READING}${text}\n`
/** The keys begin in column 48 of line 6. */
export const processor = (text: string, settings = 'group.id: p, auto.offset.reset: earliest'): string =>
  after(`processors: { p: { from: orders, to: payments, ${text}config: { ${settings} } } }`)
export const sink = (text: string, settings = 'group.id: w, auto.offset.reset: earliest'): string =>
  after(`stores: { db: }\nsinks: { w: { from: orders, ${text}config: { ${settings} } } }`)
export const expects = (text: string): string => READING.replace('{ exactly-once: holds }', text)
export const fault = (text: string): string => after(`faults: [ { ${text} } ]`)

type Case = readonly [what: string, text: string, expected: readonly string[]]

/** One test per case: where each diagnostic stands. */
export function check(cases: readonly Case[]): void {
  test.each(cases)('%s', (_, text, expected) => {
    const file = load(text)
    expect(marks(file)).toEqual(expected)
    const failed = file.diagnostics.some((each) => each.severity === 'error')
    expect(file.scenarios.length === 0).toBe(failed)
  })
}
