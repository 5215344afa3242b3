import type { Diagnostic, SourceSpan } from './scenario.ts'

/** How the parts of a frame look; the caller adds colour, the default adds none. */
export interface FrameStyle {
  readonly error: (text: string) => string
  readonly warning: (text: string) => string
  readonly strong: (text: string) => string
  /** Line numbers and the frame's lines. */
  readonly faint: (text: string) => string
  readonly help: (text: string) => string
}

const same = (text: string): string => text
export const PLAIN: FrameStyle = { error: same, warning: same, strong: same, faint: same, help: same }

/** Longer lines are cut around what is marked. */
const WIDEST = 160

/**
 * A diagnostic with the lines it is about:
 *
 * ```text
 * error: unknown key `min.insync.replica` in topics.orders
 *    ╭─ bad.yaml:11:51
 * 11 │   orders: { partitions: 1, min.insync.replica: 1 }
 *    │                            ^^^^^^^^^^^^^^^^^^
 *    ╰─ help: did you mean `min.insync.replicas`?
 * ```
 */
export function renderDiagnostic(
  diagnostic: Diagnostic,
  file: string,
  text: string,
  style: FrameStyle = PLAIN,
  imports: Readonly<Record<string, string>> = {},
): string {
  const mark = diagnostic.severity === 'error' ? style.error : style.warning
  const head = `${mark(`${diagnostic.severity}:`)} ${style.strong(printable(diagnostic.message))}`
  const help = diagnostic.help === null ? null : `${style.help('help:')} ${printable(diagnostic.help)}`
  const parts = partsOf(diagnostic.spans, file, text, imports)
  if (parts.length === 0) return [head, ` ${style.faint('╭─')} ${file}`, ...helpLine(' ', help, style)].join('\n')
  const last = Math.max(...diagnostic.spans.map((span) => span.line))
  const pad = ' '.repeat(String(last).length)
  const body = parts.flatMap(({ first, spans, lines }, i) => [
    `${pad} ${style.faint(i === 0 ? '╭─' : '├─')} ${first.file}:${first.line}:${first.column}`,
    ...marked(spans, lines, pad, style, mark),
  ])
  return [head, ...body, ...helpLine(`${pad} `, help, style)].join('\n')
}

/** What is marked in one file. */
interface Part {
  /** Where it points first. */
  readonly first: SourceSpan
  readonly spans: readonly SourceSpan[]
  readonly lines: readonly string[]
}

/** The spans by file, in the order in which the files are named. */
function partsOf(
  spans: readonly SourceSpan[],
  file: string,
  text: string,
  imports: Readonly<Record<string, string>>,
): readonly Part[] {
  const files = [...new Set(spans.map((span) => span.file))]
  return files.flatMap((name) => {
    const source = Object.hasOwn(imports, name) ? imports[name] : name === file ? text : undefined
    const [first, ...others] = spans.filter((span) => span.file === name)
    if (first === undefined || source === undefined || source === '') return []
    const inOrder = [first, ...others].sort((a, b) => a.line - b.line || a.column - b.column)
    return [{ first, spans: inOrder, lines: source.split('\n') }]
  })
}

function marked(
  spans: readonly SourceSpan[],
  lines: readonly string[],
  pad: string,
  style: FrameStyle,
  mark: (text: string) => string,
): readonly string[] {
  const body: string[] = []
  let previous: number | null = null
  for (const span of spans) {
    if (previous === span.line) continue
    if (previous !== null && span.line > previous + 1) body.push(`${pad} ${style.faint('┆')}`)
    const here = spans.filter((other) => other.line === span.line)
    body.push(sourceLine(span, lines, pad, style), `${pad} ${style.faint('│')} ${mark(carets(here, lines))}`)
    previous = span.line
  }
  return body
}

function helpLine(pad: string, help: string | null, style: FrameStyle): readonly string[] {
  return help === null ? [] : [`${pad}${style.faint('╰─')} ${help}`]
}

function sourceLine(span: SourceSpan, lines: readonly string[], pad: string, style: FrameStyle): string {
  const number = String(span.line).padStart(pad.length)
  const { text } = windowOf(span, lines)
  return `${style.faint(`${number} │`)} ${printable(text)}`
}

function carets(spans: readonly SourceSpan[], lines: readonly string[]): string {
  let marks = ''
  const first = spans[0]
  if (first === undefined) return marks
  const { text, from } = windowOf(first, lines)
  for (const span of spans) {
    const start = Math.min(Math.max(0, span.column - 1 - from), WIDEST)
    const end = start + Math.max(1, Math.min(span.end - span.start, text.length - start))
    marks = marks.padEnd(start)
    marks += '^'.repeat(Math.max(0, end - marks.length))
  }
  return marks
}

/** The part of a line that is shown; the same for the line and its carets. */
function windowOf(span: SourceSpan, lines: readonly string[]): { readonly text: string; readonly from: number } {
  const line = (lines[span.line - 1] ?? '').trimEnd()
  const from = line.length <= WIDEST || span.column < WIDEST / 2 ? 0 : span.column - WIDEST / 2
  return { text: line.slice(from, from + WIDEST), from }
}

/** No control character of a file reaches the terminal, nor one that turns the direction of writing. */
function printable(text: string): string {
  let shown = ''
  for (const character of text)
    shown += isControl(character.codePointAt(0) ?? 0) ? '\u00b7' : character === '\t' ? ' ' : character
  return shown
}

function isControl(code: number): boolean {
  if (code === 0x09) return false
  const c0OrC1 = code < 0x20 || (code >= 0x7f && code <= 0x9f)
  return (
    c0OrC1 ||
    code === 0x2028 ||
    code === 0x2029 ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  )
}
