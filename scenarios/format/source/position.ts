import type { SourceSpan } from '../scenario.ts'

/** Turns offsets of one text into lines and columns. */
export class Positions {
  readonly #file: string
  readonly #length: number
  readonly #lineStarts: readonly number[]

  constructor(file: string, text: string) {
    const starts = [0]
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#file = file
    this.#length = text.length
    this.#lineStarts = starts
  }

  /** The span from `start` up to, not including, `end`; both are brought inside the text. */
  span(start: number, end: number): SourceSpan {
    const from = Math.max(0, Math.min(start, this.#length))
    const line = this.#lineOf(from)
    const column = from - (this.#lineStarts[line] ?? 0) + 1
    return { file: this.#file, line: line + 1, column, start: from, end: Math.max(from, Math.min(end, this.#length)) }
  }

  #lineOf(offset: number): number {
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}
