/** Text in columns. Widths count code points of uncoloured text: pad first, colour afterwards. */

export function widthOf(text: string): number {
  let width = 0
  for (const _ of text) width++
  return width
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Cuts a text that is too wide, with an ellipsis. */
export function clipped(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let left = width - 1
  for (const point of text) {
    if (left-- <= 0) break
    kept += point
  }
  return `${kept.trimEnd()}…`
}

/** Breaks text into lines of at most `width`; a longer word keeps a line of its own. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (word === '') continue
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line)
  return lines
}
