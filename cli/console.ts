import type { Writable } from 'node:stream'

/** The process as commands see it; tests pass their own. */
export interface Console {
  readonly out: TextSink
  readonly err: TextSink
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

export interface TextSink {
  write(text: string): void
  readonly isTTY: boolean
  readonly columns: number | null
}

/** The real process. A reader that went away (`| head`) ends the output quietly, not the judging. */
export function processConsole(): Console {
  return { out: sink(process.stdout), err: sink(process.stderr), env: process.env, cwd: process.cwd() }
}

function sink(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }): TextSink {
  let open = true
  stream.on('error', (error: NodeJS.ErrnoException) => {
    open = false
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })
  return {
    write(text: string): void {
      if (open && text !== '') stream.write(text)
    },
    isTTY: stream.isTTY === true,
    columns: stream.columns ?? null,
  }
}
