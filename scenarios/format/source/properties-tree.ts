import { Pair, parseLines } from 'dot-properties'
import type { Report } from '../report.ts'
import type { SourceSpan } from '../scenario.ts'
import { Positions } from './position.ts'
import type { MapEntry, MapTree } from './tree.ts'

/** A file of settings has some kilobytes. */
const LARGEST = 1024 * 1024

/**
 * Reads a Java `.properties` file as a map of texts, as `java.util.Properties.load` does: continued lines, `\u` escapes,
 * `#` and `!` comments, and of a key written twice the last. Null when it cannot be one; then the report says why.
 */
export function readProperties(file: string, text: string, report: Report): MapTree | null {
  if (text.length > LARGEST) {
    const message = `${file} has more than ${LARGEST / 1024} KiB, which no configuration has`
    report.add('', { code: 'TWICESHY_TOO_LARGE', severity: 'error', message, help: null, spans: [] })
    return null
  }
  const positions = new Positions(file, text)
  const entries = new Map<string, MapEntry>()
  for (const line of parseLines(text, true)) {
    if (!(line instanceof Pair) || report.full) continue
    const [keyStart = 0, keyEnd = 0, valueStart = 0, valueEnd = 0] = line.range ?? []
    const keySpan = positions.span(keyStart, keyEnd)
    checkEscapes(text, keyStart, valueEnd, positions, report)
    const earlier = entries.get(line.key)
    if (earlier?.keySpan != null) writtenTwice(line.key, keySpan, earlier.keySpan, report)
    const span = positions.span(valueStart, valueEnd)
    const value = {
      kind: 'scalar',
      value: line.value,
      source: line.value,
      indexComment: null,
      span,
      origin: null,
    } as const
    entries.set(line.key, { keySpan, value })
  }
  return { kind: 'map', entries, span: positions.span(0, 0), origin: null }
}

/** `Properties.loadConvert` throws on these. */
function checkEscapes(text: string, from: number, to: number, positions: Positions, report: Report): void {
  for (const match of text.slice(from, to).matchAll(/\\(?:u[0-9a-fA-F]{4}|[^])/g)) {
    if (match[0] !== '\\u') continue
    const at = from + match.index
    const spans = [positions.span(at, at + 6)]
    const message = 'Java refuses this file: `\\u` is followed by four hexadecimal digits'
    const help = 'write a backslash as `\\\\`'
    report.add('', { code: 'TWICESHY_PROPERTIES', severity: 'error', message, help, spans })
  }
}

function writtenTwice(key: string, second: SourceSpan, first: SourceSpan, report: Report): void {
  const message = `\`${key}\` is written twice; Java takes the last`
  const help = 'remove one of the two'
  const spans = [second, first]
  report.add('', { code: 'TWICESHY_DUPLICATE_KEY', severity: 'warning', message, help, spans })
}
