import { shellQuoted } from '../reports/words.ts'
import { Nondeterminism, RunFailure } from './pool/failures.ts'
import { seedOf } from './seed.ts'

/** What a defect of the tool is told with: what, where, how to see it again, how to report it. */
export function internalErrorText(error: unknown, version: string, verbose: boolean): string {
  const failure = error instanceof Error ? error : new Error(String(error))
  const lines = [`internal error: ${firstLine(failure.message)}`]
  if (failure instanceof RunFailure || failure instanceof Nondeterminism) {
    const { scenario } = failure.task
    const seed = seedOf(scenario, failure.run)
    const filter = scenario.variant === null ? [] : ['--filter', scenario.variant]
    const again = ['twiceshy', 'run', scenario.file, '--seed', seed, '--runs', '1', ...filter]
    lines.push(
      `  scenario  ${scenario.file}: ${scenario.title}${scenario.variant === null ? '' : ` · ${scenario.variant}`}`,
    )
    lines.push(`  run       ${failure.run} · seed ${seed}`)
    lines.push(`  again     ${again.map(shellQuoted).join(' ')}`)
  }
  const machine = `twiceshy ${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`
  lines.push(
    `  This is a defect of twiceshy, not of your scenario. Please report it with the scenario file and these lines (${machine}).`,
  )
  const stack = failure instanceof RunFailure ? (failure.origin ?? failure.stack) : failure.stack
  if (verbose && stack !== undefined) lines.push(stack)
  else lines.push('  -v shows where in the program it happened.')
  return `${lines.join('\n')}\n`
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
