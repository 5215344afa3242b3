import { Chalk } from 'chalk'
import { colorLevel } from '../../reports/color.ts'
import { type Paint, paintWith } from '../../reports/paint.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { StatusLine } from './status-line.ts'

/** What a search says to people: blocks on standard output, what is going on on standard error. */
export class Voice {
  readonly paint: Paint
  readonly width: number
  readonly status: StatusLine
  private readonly write: (text: string) => void
  private blocks = 0

  /** @param silent something else stands on standard output */
  constructor({ console: { out, err, env } }: Context, { color, quiet }: GlobalFlags, silent: boolean = false) {
    this.paint = paintWith(new Chalk({ level: colorLevel({ flag: color, env, isTTY: out.isTTY }) }))
    this.width = Math.min(120, Math.max(80, out.columns ?? 100))
    this.status = new StatusLine(err, !quiet)
    this.write = silent ? (): void => {} : (text) => out.write(text)
  }

  /** A block of its own. */
  tell(lines: readonly string[]): void {
    this.status.clear()
    this.write(`${this.blocks++ === 0 ? '' : '\n'}${lines.join('\n')}\n`)
  }

  /** More lines of the block before. */
  add(lines: readonly string[]): void {
    this.status.clear()
    this.write(`${lines.join('\n')}\n`)
  }
}
