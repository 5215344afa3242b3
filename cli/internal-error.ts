import { shellQuoted } from '../reports/words.ts'
import { handlersOf, type OwnHandler } from './code/handlers-of.ts'
import type { Context } from './context.ts'
import { whereTheyPart } from './parting.ts'
import { Nondeterminism, Refusal, RunFailure } from './pool/failures.ts'
import { seedOf } from './seed.ts'
import { errorText } from './usage-error.ts'

/**
 * What ended judging early, told: a mistake in the user's own code as one, anything else as {@link internalErrorText} does,
 * with what judging the run again tells about it: where the traces of a nondeterminism part.
 */
export async function failureText(error: unknown, context: Context, verbose: boolean): Promise<string> {
  if (error instanceof Refusal) return errorText(error.message, error.help)
  if (!(error instanceof Nondeterminism)) return internalErrorText(error, context.version, verbose)
  let parted: readonly string[]
  try {
    parted = await whereTheyPart(error, context)
  } catch (second) {
    parted = [`judging it again failed: ${second instanceof Error ? second.message : String(second)}`]
  }
  return internalErrorText(error, context.version, verbose, parted)
}

/** What a defect of the tool is told with: what, where, how to see it again, how to report it. */
export function internalErrorText(
  error: unknown,
  version: string,
  verbose: boolean,
  details: readonly string[] = [],
): string {
  const failure = error instanceof Error ? error : new Error(String(error))
  const own = failure instanceof Nondeterminism ? handlersOf(failure.task.scenario.spec) : []
  const lines = [`${own.length === 0 ? 'internal error' : 'error'}: ${firstLine(failure.message)}`]
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
  lines.push(...details.map((line) => `  ${line}`))
  if (own.length > 0) return `${[...lines, ...blameOf(own)].join('\n')}\n`
  const machine = `twiceshy ${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`
  lines.push(
    `  This is a defect of twiceshy, not of your scenario. Please report it with the scenario file and these lines (${machine}).`,
  )
  const stack = failure instanceof RunFailure ? (failure.origin ?? failure.stack) : failure.stack
  if (verbose && stack !== undefined) lines.push(stack)
  else lines.push('  -v shows where in the program it happened.')
  return `${lines.join('\n')}\n`
}

/** With handlers of the user's own, what differs is theirs: nothing else is outside of what a seed decides. */
function blameOf(handlers: readonly OwnHandler[]): readonly string[] {
  const names = [...new Set(handlers.map(({ application }) => `\`${application}\``))].join(', ')
  return [
    `  The handler of ${names} keeps something from one run to the next: a variable of its module outlives processes and runs.`,
    '  help: keep it within the factory, which makes a handler for each process: `() => { let total = 0; return (record) => … }`',
  ]
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
