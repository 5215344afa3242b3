import type { YAMLError } from 'yaml'
import type { Report } from '../report.ts'
import type { Positions } from './position.ts'

/** `${instance}` and its like: in a flow map an unquoted brace begins another map. */
const PLACEHOLDER = /[^\s,{}[\]"']*\$\{[a-z]*\}[^\s,{}[\]"']*/g

/**
 * Says what the parser found, in the file's own terms: one mistake per line, and nothing of the aftermath that follows once
 * the parser has lost the structure.
 */
export function reportYamlErrors(
  errors: readonly YAMLError[],
  text: string,
  positions: Positions,
  report: Report,
): void {
  const lines = new Set<number>()
  for (const error of errors) {
    if (lines.size > 0 && /in YAML stream/.test(error.message)) continue
    const span = positions.span(error.pos[0], Math.max(error.pos[1], error.pos[0] + 1))
    if (lines.has(span.line)) continue
    lines.add(span.line)
    if (error.code === 'MULTIPLE_DOCS') {
      const help = 'keep one scenario in a file; `variants:` holds several of one kind'
      const message = 'the file holds more than one YAML document (`---`)'
      report.add('', { code: 'TWICESHY_MANY_DOCUMENTS', severity: 'error', message, help, spans: [span] })
      continue
    }
    const trap = unquotedBrace(error, text, positions) ?? comment(error, text, positions)
    if (trap !== null) {
      report.add('', { code: 'TWICESHY_YAML_TRAP', severity: 'error', ...trap })
      continue
    }
    const { message, help } = describe(error)
    report.add('', { code: 'TWICESHY_YAML', severity: 'error', message, help, spans: [span] })
  }
}

interface Trap {
  readonly message: string
  readonly help: string
  readonly spans: ReturnType<Positions['span']>[]
}

function lineAround(text: string, offset: number): { readonly start: number; readonly line: string } {
  const start = text.lastIndexOf('\n', Math.max(0, offset - 1)) + 1
  const end = text.indexOf('\n', start)
  return { start, line: text.slice(start, Math.min(end < 0 ? text.length : end, start + 2000)) }
}

function unquotedBrace(error: YAMLError, text: string, positions: Positions): Trap | null {
  const { start, line } = lineAround(text, error.pos[0])
  for (const match of line.matchAll(PLACEHOLDER)) {
    const from = start + match.index
    if (error.pos[0] < from - 1 || error.pos[0] > from + match[0].length) continue
    const message = `\`${match[0]}\` needs quotes here: between braces, \`{\` begins another map`
    return { message, help: `write \`"${match[0]}"\``, spans: [positions.span(from, from + match[0].length)] }
  }
  return null
}

/** `{ crash: writer #0 }`: the rest of the line is a comment, so the map never closes. */
function comment(error: YAMLError, text: string, positions: Positions): Trap | null {
  if (error.code !== 'BAD_INDENT' && error.code !== 'MISSING_CHAR') return null
  const start = Math.max(0, error.pos[0] - 2000)
  const before = text.slice(start, error.pos[0] + 1)
  const match = /([A-Za-z0-9._-]+)([ \t]+)#(\d+)[^\n]*\s*$/.exec(before)
  if (match === null) return null
  const from = start + match.index
  const written = `${match[1] ?? ''}${match[2] ?? ''}#${match[3] ?? ''}`
  return indexComment(match[1] ?? '', match[3] ?? '', positions.span(from, from + written.length))
}

/** The trap of `writer #0`. */
export function indexComment(name: string, index: string, span: ReturnType<Positions['span']>): Trap {
  const message = `\`#${index}\` after a space is a comment in YAML, so this names \`${name}\` alone`
  return { message, help: `write \`${name}#${index}\`, without the space`, spans: [span] }
}

const LOST_STRUCTURE = {
  message: 'this is a value and a map at once',
  help: 'a line with `key:` must be indented like its neighbours; quote a value that contains `: `',
}

/** Better words than the parser's, by its codes; without a message the parser's own is kept. */
const WORDS: Readonly<Record<string, { readonly message: string | null; readonly help: string }>> = {
  TAB_AS_INDENT: { message: 'a tab indents this line, which YAML forbids', help: 'indent with spaces' },
  BLOCK_AS_IMPLICIT_KEY: LOST_STRUCTURE,
  MULTILINE_IMPLICIT_KEY: LOST_STRUCTURE,
  BAD_INDENT: { message: null, help: 'close it, or indent the lines like their neighbours' },
  MISSING_CHAR: { message: null, help: 'close it, or indent the lines like their neighbours' },
  BAD_SCALAR_START: { message: null, help: 'put the value in quotes' },
  BAD_ALIAS: { message: null, help: 'quote the text if `*` or `&` was meant' },
  TAG_RESOLVE_FAILED: { message: null, help: 'scenario files need no tags (`!name`)' },
}

function describe(error: YAMLError): { readonly message: string; readonly help: string | null } {
  const words = WORDS[error.code]
  if (words === undefined) return { message: `not YAML: ${lowerFirst(error.message)}`, help: null }
  return { message: words.message ?? lowerFirst(error.message), help: words.help }
}

function lowerFirst(message: string): string {
  return message.slice(0, 1).toLowerCase() + message.slice(1)
}
