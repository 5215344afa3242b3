import { Lexer } from 'yaml'

/** Limits that keep hostile or accidental input cheap; a real scenario is far below each. */
export const MAX_BYTES: number = 1024 * 1024
export const MAX_DEPTH = 64
export const MAX_TOKENS = 100_000
/** Nodes after aliases are followed. */
export const MAX_NODES = 50_000

export interface GuardFinding {
  readonly code: 'TWICESHY_NOT_TEXT' | 'TWICESHY_TOO_LARGE' | 'TWICESHY_TOO_DEEP'
  readonly message: string
  readonly help: string
  /** Where, as an index into the text; null = the whole file. */
  readonly offset: number | null
}

/** Looks at a text before the YAML parser does: whether it is text at all, how large it is, how deep it nests. */
export function guardText(text: string): GuardFinding | null {
  return checkSize(text) ?? checkBytes(text) ?? checkDepth(text)
}

function checkSize(text: string): GuardFinding | null {
  if (text.length <= MAX_BYTES && utf8Length(text) <= MAX_BYTES) return null
  const help = 'a scenario is a few kilobytes; is this the right file?'
  return { code: 'TWICESHY_TOO_LARGE', message: 'the file is larger than 1 MiB', help, offset: null }
}

function utf8Length(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit <= 0xdfff ? 2 : 3
  }
  return bytes
}

/** NUL never occurs in text; of other control and replacement characters a few are a typo and many are a binary file. */
function checkBytes(text: string): GuardFinding | null {
  let odd = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0) return notText(i)
    if ((unit < 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d) || unit === 0x7f || unit === 0xfffd) {
      odd++
      if (odd > 8 && odd * 50 > i) return notText(i)
    }
  }
  return odd > 8 && odd * 50 > text.length ? notText(null) : null
}

function notText(offset: number | null): GuardFinding {
  const help = 'a scenario is YAML in UTF-8; is this the right file?'
  return { code: 'TWICESHY_NOT_TEXT', message: 'the file is not text', help, offset }
}

/**
 * Counts nesting on the lexer's tokens, without recursion, because the parser recurses. Block levels are columns that are
 * open: every indicator (`-`, `?`) and every line's first token opens one, and a line closes those at or right of its indent.
 */
function checkDepth(text: string): GuardFinding | null {
  const columns: number[] = []
  let flow = 0
  let tokens = 0
  let offset = 0
  let lineStart = 0
  let fresh = true
  for (const token of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) return tooManyTokens()
    const start = offset
    // The lexer's own marks (document, scalar and flow-error ends) have no place in the text.
    if (token === '\u0002' || token === '\u0018' || token === '\u001f') continue
    offset += token.length
    if (token === '\n' || token === '\r\n') {
      lineStart = offset
      fresh = true
      continue
    }
    if (token.trim() === '' || token.startsWith('#')) continue
    if (token === '[' || token === '{') flow++
    if ((token === ']' || token === '}') && flow > 0) flow--
    const indicator = token === '-' || token === '?'
    if (flow === 0 && (fresh || indicator)) {
      const column = start - lineStart
      while (columns.length > 0 && (columns[columns.length - 1] ?? 0) >= column) columns.pop()
      columns.push(column)
    }
    fresh = false
    // A block scalar's or a quoted scalar's last line break belongs to its token.
    const lastBreak = token.lastIndexOf('\n')
    if (lastBreak >= 0) {
      lineStart = start + lastBreak + 1
      fresh = lineStart === offset
    }
    if (flow + columns.length > MAX_DEPTH) return tooDeep(start)
  }
  return null
}

function tooDeep(offset: number): GuardFinding {
  const help =
    'a scenario nests about six deep: look for a bracket that is not closed, or a line that is indented too far'
  return { code: 'TWICESHY_TOO_DEEP', message: `values are nested deeper than ${MAX_DEPTH}`, help, offset }
}

function tooManyTokens(): GuardFinding {
  const help = 'a scenario has a few hundred; is this the right file?'
  return {
    code: 'TWICESHY_TOO_LARGE',
    message: `the file has more than ${MAX_TOKENS} words and signs`,
    help,
    offset: null,
  }
}
