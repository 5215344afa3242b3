/** Something that a user's handler may not do. The message goes on from `the handler of x `. */
export class HandlerMistake extends Error {
  readonly application: string
  readonly help: string | null

  constructor(application: string, what: string, help: string | null) {
    super(`the handler of \`${application}\` ${what}`)
    this.name = 'HandlerMistake'
    this.application = application
    this.help = help
  }
}

/** `totals.mjs:12`: the innermost line of a user's file in a stack. Null when none is named. */
export function lineOf(error: unknown, module: string): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const file = module.slice(Math.max(module.lastIndexOf('/'), module.lastIndexOf('\\')) + 1)
  const at = stack.indexOf(`/${file}:`)
  if (at < 0) return null
  const line = /^:(\d+)/.exec(stack.slice(at + file.length + 1))?.[1]
  return line === undefined ? null : `${file}:${line}`
}

/** ` (totals.mjs:12)` */
export function placeOf(error: unknown, module: string): string {
  const line = lineOf(error, module)
  return line === null ? '' : ` (${line})`
}
