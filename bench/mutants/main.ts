import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseJobs, parseRuns } from '../../cli/flags.ts'
import { huntMutant } from '../../cli/mutants/hunt.ts'
import type { MutantOutcome } from '../../cli/mutants/outcome.ts'
import { packageRoot } from '../../cli/package-root.ts'
import { drawnPage, namedPage } from './document.ts'
import { genericJob, type Job, MOST_MS, namedJob, namedMutants } from './jobs.ts'
import { Results } from './results.ts'
import { type GenericMutant, sampleMutants } from './sample.ts'
import { genericSummary, namedRows, genericRows, textTable } from './table.ts'

/**
 * `npm run mutants [-- --filter text] [--jobs n] [--fresh] [--generic n --seed s] [--write]`: hunts every named mutant within the
 * budget it states, and `--generic` as many that are drawn. What was computed for this very build is not computed again, unless
 * `--fresh`; so an interrupted run goes on where it was. `--write` writes docs/mutants.md, and of drawn ones docs/mutants-drawn.md. Ends with 1 when a named mutant is not
 * caught, or one that is said to be equivalent does not fit; the share of drawn mutants that survive has no target.
 */
const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    jobs: { type: 'string', default: '1' },
    fresh: { type: 'boolean', default: false },
    generic: { type: 'string' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
})

const root = packageRoot()
process.chdir(root)
const results = new Results(root)
const named = namedMutants(values.filter)
const drawn = values.generic === undefined ? [] : sampleMutants(root, parseRuns(values.generic), values.seed)
const outcomes = new Map<string, MutantOutcome>()
let interrupted = false

const jobs = [...named.flatMap((mutant) => namedJob(mutant) ?? []), ...drawn.map((mutant) => genericJob(root, mutant))]
const waiting = [...jobs]
await Promise.all(Array.from({ length: parseJobs(values.jobs) }, work))
tell(named, drawn)

async function work(): Promise<void> {
  for (let job = waiting.shift(); job !== undefined && !interrupted; job = waiting.shift()) {
    const known = values.fresh ? undefined : results.of(job)
    const outcome = known ?? (await hunt(job))
    if (outcome.verdict === 'interrupted') {
      interrupted = true
      return
    }
    if (known === undefined) results.add(job, outcome)
    outcomes.set(job.patch.id, outcome)
    progress()
  }
}

async function hunt(job: Job): Promise<MutantOutcome> {
  const { patch, targets, runs, unreachedRuns } = job
  const limits = { runs, seed: null, timeoutMs: MOST_MS }
  return huntMutant(patch, targets, unreachedRuns === undefined ? limits : { ...limits, unreachedRuns })
}

function progress(): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${outcomes.size} of ${jobs.length}`)
}

function tell(mutants: typeof named, generic: readonly GenericMutant[]): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
  const rows = namedRows(mutants, outcomes)
  console.log(textTable(rows))
  if (generic.length > 0)
    console.log(`\n${textTable(genericRows(generic, outcomes))}\n\n${genericSummary(generic, outcomes)}`)
  const missed = rows.filter(({ isMissed }) => isMissed)
  console.log(`\n${rows.length - missed.length} of ${rows.length} named mutants are as they should be`)
  if (interrupted) console.log('interrupted: the rest was not hunted; the same command goes on where this one was')
  else if (values.write) write(mutants, generic)
  process.exitCode = interrupted ? 130 : missed.length > 0 ? 1 : 0
}

function write(mutants: typeof named, generic: readonly GenericMutant[]): void {
  if (values.filter === '') writeFileSync(join(root, 'docs', 'mutants.md'), namedPage(mutants, outcomes))
  if (generic.length > 0)
    writeFileSync(join(root, 'docs', 'mutants-drawn.md'), drawnPage(generic, values.seed, outcomes))
}
