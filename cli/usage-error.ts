/** Something the user wrote cannot be taken; exit 2. The message is in the user's words and needs no stack. */
export class UsageError extends Error {
  /** How to put it right. */
  readonly help: string | null

  constructor(message: string, help: string | null = null) {
    super(message)
    this.name = 'UsageError'
    this.help = help
  }
}

/** `error: …` and `help: …`, as every mistake is told. */
export function errorText(message: string, help: string | null): string {
  return help === null ? `error: ${message}\n` : `error: ${message}\n  help: ${help}\n`
}

/** What is not built yet is refused, never ignored. */
export function notBuiltYet(what: string): UsageError {
  return new UsageError(`${what} is not built yet`, 'see `twiceshy --help` for what is')
}
