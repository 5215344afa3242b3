import { type LoadOptions, loadScenarioText } from './load.ts'
import type { Diagnostic, LoadedFile, Scenario } from './scenario.ts'

/** A few moments are enough: the catalogue is passed in by the caller. */
export const OPTIONS: LoadOptions = {
  moments: ['produce.acked', 'leader.elected', 'request.sent', 'log.appended', 'batch.deduplicated'],
  momentFields: {
    'produce.acked': ['node', 'record', 'producer', 'attempt', 'topic', 'partition', 'offset'],
    'leader.elected': ['node', 'topic', 'partition', 'leader', 'epoch', 'unclean'],
    'request.sent': ['node', 'to', 'api', 'reply', 'connection'],
    'log.appended': ['node', 'topic', 'partition', 'offset'],
  },
}

export const BASE = `scenario: base
topics: { orders: { partitions: 2 } }
producers:
  checkout: { to: orders }
expect: { exactly-once: holds }
`

/** With an application that reads: its value begins in column 24 of line 4. */
export const READING = `scenario: reading
topics: { orders: { partitions: 2 }, payments: }
producers: { checkout: { to: orders } }
consumers: { billing: { from: orders, config: { group.id: b, auto.offset.reset: earliest } } }
expect: { exactly-once: holds }
`

export function load(text: string, options: Partial<LoadOptions> = {}): LoadedFile {
  return loadScenarioText('test.yaml', text, { ...OPTIONS, ...options })
}

/** The one scenario of a file without mistakes. */
export function only(text: string, options: Partial<LoadOptions> = {}): Scenario {
  const file = load(text, options)
  const scenario = file.scenarios[0]
  if (scenario === undefined || file.scenarios.length !== 1) {
    throw new Error(`expected one scenario: ${file.diagnostics.map((each) => each.message).join('; ')}`)
  }
  return scenario
}

/** `CODE line:column [line:column ...]` of each diagnostic. */
export function marks(file: LoadedFile): readonly string[] {
  return file.diagnostics.map(mark)
}

export function mark(diagnostic: Diagnostic): string {
  const code = diagnostic.code.replace('TWICESHY_', '')
  return [code, ...diagnostic.spans.map((span) => `${span.line}:${span.column}`)].join(' ')
}
