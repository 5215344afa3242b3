#!/usr/bin/env node
import { processConsole } from './console.ts'
import { EXIT } from './exit.ts'
import { internalErrorText } from './internal-error.ts'
import { packageRoot, packageVersion } from './package-root.ts'
import { main } from './program.ts'

const console = processConsole()
const args = process.argv.slice(2)
const version = packageVersion()

function fail(error: unknown): void {
  console.err.write(internalErrorText(error, version, args.includes('-v') || args.includes('--verbose')))
  process.exitCode = EXIT.internal
}

process.on('uncaughtException', (error) => {
  fail(error)
  process.exit(EXIT.internal)
})

try {
  // The exit code is set rather than forced, so that a pipe gets everything that was written.
  process.exitCode = await main(args, {
    console,
    engine: async () => (await import('./real-engine.ts')).realEngine(),
    version,
    root: packageRoot(),
  })
} catch (error) {
  fail(error)
}
