/** Longest text that GitHub takes as a comment is 65,536 characters; some are left for whoever adds to it. */
export const LONGEST_COMMENT = 65_000

/** Text that Markdown shows as it is, on one line, and that mentions nobody. */
export function plain(text: string): string {
  const escaped = text.replaceAll(/[\\`*_{}[\]<>|#~!]/g, String.raw`\$&`).replaceAll('&', '&amp;')
  return escaped.replaceAll('@', '&#64;').replaceAll(/\s+/g, ' ').trim()
}

/** Inline code, also in a cell of a table. */
export function code(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('|', String.raw`\|`)
  const fence = '`'.repeat(longestRun(line) + 1)
  const space = line.startsWith('`') || line.endsWith('`') || line === '' ? ' ' : ''
  return `${fence}${space}${line}${space}${fence}`
}

/** A block of lines that a shell takes. */
export function shellBlock(lines: readonly string[]): string {
  const fence = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1))
  return [`${fence}sh`, ...lines, fence].join('\n')
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
}

/** A table; cells are Markdown already. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)]
}

/** Parts of a comment as long as there is room; of those left out, their number is told. */
export function withinComment(parts: readonly string[], leftOut: (count: number) => string): string {
  const kept: string[] = []
  let room = LONGEST_COMMENT
  for (const [i, part] of parts.entries()) {
    const rest = leftOut(parts.length - i)
    if (part.length + 2 + (i === parts.length - 1 ? 0 : rest.length + 2) > room) {
      kept.push(rest)
      break
    }
    kept.push(part)
    room -= part.length + 2
  }
  return `${kept.join('\n\n')}\n`
}
