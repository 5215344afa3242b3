import { Chalk } from 'chalk'
import type { RunResult, Violation } from '../../properties/verdict.ts'
import { ScenarioAggregate } from '../../reports/aggregate.ts'
import { colorLevel } from '../../reports/color.ts'
import { titleOf, violationToRepeat } from '../../reports/expectation-words.ts'
import { judgeFaults } from '../../reports/inert-faults.ts'
import { wrapped } from '../../reports/layout.ts'
import { type Paint, paintWith } from '../../reports/paint.ts'
import { scenarioBlock } from '../../reports/scenario-block.ts'
import { storyBlock } from '../../reports/story-block.ts'
import { atSeconds } from '../../reports/words.ts'
import type { ReplayRecord, Scenario } from '../../scenarios/format/scenario.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode, exitOf } from '../exit.ts'
import { sha256 } from '../host/sha256.ts'
import { failureText } from '../internal-error.ts'
import { loadScenarios } from '../load.ts'
import { judgeAll } from '../pool/judge-all.ts'
import { StopSignal } from '../pool/stop.ts'
import { select } from '../select.ts'
import { Retelling } from '../retell.ts'
import { signaturesOf } from '../signature.ts'
import { UsageError } from '../usage-error.ts'
import type { JudgingFlags } from './judging-flags.ts'

export interface ReplayRequest {
  readonly file: string
  readonly flags: JudgingFlags
  readonly globals: GlobalFlags
}

/**
 * `twiceshy replay`: run 0 again. A saved counterexample is green while its recorded digest and violation come back;
 * any other file is judged by its expectations.
 */
export async function replay(request: ReplayRequest, context: Context): Promise<ExitCode> {
  const { flags, globals } = request
  const loaded = await loadScenarios({ paths: [request.file], ...flags, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  const { tasks } = select(loaded.scenarios, { ...flags, runs: 1, shard: null })
  if (tasks.length === 0) {
    context.console.err.write(`nothing matched in ${request.file}\n`)
    return EXIT.nothingMatched
  }
  const results: RunResult[] = []
  try {
    const ports = {
      ...(context.judgeModule === undefined ? {} : { judgeModule: context.judgeModule }),
      ...(context.workerScript === undefined ? {} : { workerScript: context.workerScript }),
    }
    const onResult = (_: number, result: RunResult): 'continue' => {
      results.push(result)
      return 'continue'
    }
    await judgeAll({ tasks, jobs: 1, stop: new StopSignal(), onResult, ...ports })
  } catch (error) {
    if (error instanceof UsageError) throw error
    context.console.err.write(await failureText(error, context, globals.verbose))
    return EXIT.internal
  }
  const retelling = await Retelling.with(context)
  const { out, env } = context.console
  const paint = paintWith(new Chalk({ level: colorLevel({ flag: globals.color, env, isTTY: out.isTTY }) }))
  const width = Math.min(120, Math.max(80, out.columns ?? 100))
  const codes = tasks.map(({ scenario }, i): ExitCode => {
    const result = results[i]
    if (result === undefined) throw new Error('a run gave no result')
    const told = scenario.replay === null ? judged(scenario, result) : compared(scenario, scenario.replay, result)
    out.write(`${i === 0 ? '' : '\n'}${told.lines.join('\n')}\n`)
    return told.exit
  })
  return exitOf(codes)

  function judged(scenario: Scenario, result: RunResult): Told {
    const aggregate = new ScenarioAggregate(scenario, sha256)
    aggregate.add(result)
    const finished = aggregate.finish(1, null)
    const [judgedResult] = judgeFaults([{ scenario, result: finished }], tasks.length === 1)
    const told = judgedResult ?? finished
    const shown = violationToRepeat(told)
    const story = shown === null ? null : retelling.story(scenario, 0, shown)
    const block = scenarioBlock(told, { paint, width, verbose: globals.verbose, story, again: [] })
    const digest = globals.verbose ? [] : [`  ${paint.faint(`digest ${result.digest}`)}`]
    const { met, inconclusive } = told
    return { lines: [...block, ...digest], exit: met ? EXIT.met : inconclusive ? EXIT.inconclusive : EXIT.notMet }
  }

  function compared(scenario: Scenario, record: ReplayRecord, result: RunResult): Told {
    const shown = violationOf(result, record.signature)
    const story = shown === null ? null : retelling.story(scenario, 0, shown)
    const told = compare(scenario, record, result, context.version, paint)
    const lines = shown === null ? [] : proof(shown, paint, width)
    return { ...told, lines: [...told.lines, ...lines, ...(story === null ? [] : storyBlock(story, paint, width))] }
  }
}

interface Told {
  readonly lines: readonly string[]
  readonly exit: ExitCode
}

function compare(scenario: Scenario, record: ReplayRecord, result: RunResult, version: string, paint: Paint): Told {
  const signatures = signaturesOf(result)
  const sameDigest = result.digest === record.digest
  const sameViolation = record.signature === '' || signatures.includes(record.signature)
  const green = sameDigest && sameViolation
  const sign = (good: boolean): string => (good ? paint.good('✓') : paint.bad('✗'))
  const title = titleOf({ scenario: scenario.title, variant: scenario.variant })
  const lines = [
    `${sign(green)} ${paint.strong(title)}`,
    `  ${paint.faint(`${scenario.file} · run 0 · seed ${result.seed}`)}`,
    `  ${sign(sameDigest)} digest     ${sameDigest ? `as recorded: ${result.digest}` : 'differs from the recorded one'}`,
    ...(sameDigest ? [] : [`      recorded ${record.digest}`, `      now      ${result.digest}`]),
    `  ${sign(sameViolation)} violation  ${violationInWords(record.signature, sameViolation, signatures)}`,
  ]
  if (!green && record.version !== version) {
    lines.push(`    recorded by twiceshy ${record.version}, this is ${version}: a release may change what a seed means`)
  }
  return { lines, exit: green ? EXIT.met : EXIT.notMet }
}

function violationInWords(recorded: string, same: boolean, now: readonly string[]): string {
  if (recorded === '') return 'none is recorded'
  if (same) return `as recorded: ${recorded}`
  return `${recorded} is gone; ${now.length === 0 ? 'nothing is violated now' : `now there is ${now.join(', ')}`}`
}

/** The recorded violation, or else the first that there is. */
function violationOf(result: RunResult, signature: string): Violation | null {
  const kind = signature.slice(signature.lastIndexOf(':') + 1).trim()
  const violations = result.verdicts.flatMap((verdict) => verdict.violations)
  return violations.find((violation) => violation.kind === kind) ?? violations[0] ?? null
}

/** The proof of the violation. */
function proof(shown: Violation, paint: Paint, width: number): readonly string[] {
  const time = atSeconds(shown.atUs / 1000)
  const indent = 4 + time.length + 2
  const told = wrapped(`${shown.kind}: ${shown.message}`, width - indent)
  const records =
    shown.records.length === 0 ? [] : [`${' '.repeat(indent)}${paint.faint(`records ${shown.records.join(', ')}`)}`]
  return [...told.map((line, i) => (i === 0 ? `    ${time}  ${line}` : ' '.repeat(indent) + line)), ...records]
}
