import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { Patch } from '../../properties/mutants/mutant.ts'
import { packageRoot } from '../package-root.ts'
import type { FromDriver, HuntProgress, HuntRequest, Target } from './messages.ts'
import type { MutantOutcome, MutantVerdict } from './outcome.ts'
import { Workshop } from './workshop.ts'

export interface HuntOptions {
  /** Runs altogether; the scenarios of all files take turns. */
  readonly runs: number
  /** Seed in place of the scenarios' own; null keeps theirs. */
  readonly seed: string | null
  /** Wall-clock time for all runs, in milliseconds. A run that has not ended some seconds after it hangs. */
  readonly timeoutMs: number
  /** Ends after so many runs when none has reached the patched place. */
  readonly unreachedRuns?: number
}

/** What a run may take beyond the time for all, before it counts as hanging; loading is in it. */
const GRACE_MS = 10_000

/** A mutant may fill its memory: then it dies early. */
const MEMORY_MB = 1024

/** How the process of a hunt ended. */
interface Ended {
  readonly last: FromDriver | null
  readonly errors: string
  readonly why: 'end' | 'hung' | 'interrupted'
}

/**
 * Hunts one mutant: applies it to a copy of the built package in a temporary folder, and judges runs there, in a process of its
 * own, until one shows it. What counts as shown is told at {@link MutantOutcome} and confirmed against the product's own
 * judgement of the same run. The folder is gone when the promise settles, also after Ctrl-C, which ends the hunt as
 * `interrupted` and leaves the rest to the caller.
 *
 * @param scenarioFiles files, or single variants of files; relative ones to the working directory
 * @throws {@link PatchError} when the patch does not fit the build
 * @throws Error when the scenarios cannot be loaded
 */
export async function huntMutant(
  mutant: Patch,
  scenarioFiles: readonly (string | Target)[],
  options: HuntOptions,
): Promise<MutantOutcome> {
  const began = performance.now()
  const workshop = new Workshop(mutant)
  const remove = (): void => workshop.remove()
  process.once('exit', remove)
  try {
    const targets = scenarioFiles.map((file) => (typeof file === 'string' ? { file } : file))
    const baseline = pathToFileURL(join(packageRoot(), 'dist', 'properties', 'judge.js')).href
    const ended = await drive(workshop.folder, { targets, cwd: process.cwd(), ...options, baseline })
    return outcomeOf(mutant, ended, performance.now() - began)
  } finally {
    process.off('exit', remove)
    remove()
  }
}

async function drive(folder: string, request: HuntRequest): Promise<Ended> {
  const driver = join(folder, 'dist', 'cli', 'mutants', 'driver.js')
  const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY_MB}`, driver], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C reaches only the process that waits, which ends this one.
    detached: process.platform !== 'win32',
  })
  const state: { why: Ended['why']; last: FromDriver | null; errors: string } = { why: 'end', last: null, errors: '' }
  const end = (why: Ended['why']): void => {
    state.why = why
    child.kill('SIGKILL')
  }
  const interrupt = (): void => end('interrupted')
  const kill = (): void => void child.kill('SIGKILL')
  const patience = setTimeout(() => end('hung'), request.timeoutMs + GRACE_MS)
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  process.on('exit', kill)
  createInterface({ input: child.stdout }).on('line', (line) => (state.last = JSON.parse(line) as FromDriver))
  child.stderr.on('data', (chunk: Buffer) => (state.errors += chunk.toString()))
  // It may be dead before it has read what it is to do.
  child.stdin.on('error', () => {})
  child.stdin.end(JSON.stringify(request))
  await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(patience)
  process.off('SIGINT', interrupt)
  process.off('SIGTERM', interrupt)
  process.off('exit', kill)
  return state
}

const NOTHING: HuntProgress = { executed: false, runs: 0, events: 0, crashes: 0, firstCrash: null }

/** @throws when the driver failed before its first run: then nothing was hunted */
export function outcomeOf(mutant: Patch, { last, errors, why }: Ended, elapsedMs: number): MutantOutcome {
  const { executed, runs, events, crashes, firstCrash } = last ?? NOTHING
  const done = last?.kind === 'end' ? last : null
  const died = why === 'end' && done === null
  if (died && /UsageError|SyntaxError/.test(errors)) throw new Error(`mutant ${mutant.id} was not hunted: ${errors}`)
  const crash = died ? { message: lastLine(errors), scenario: '', run: runs, seed: '' } : null
  return {
    mutant: mutant.id,
    verdict: verdictOf(why, done?.caught != null, crashes > 0 || died),
    executed,
    runs,
    events,
    elapsedMs: Math.round(elapsedMs),
    outOfTime: done?.outOfTime ?? why === 'hung',
    caught: done?.caught ?? null,
    crashes: crashes + (died ? 1 : 0),
    firstCrash: firstCrash ?? crash,
  }
}

function verdictOf(why: Ended['why'], caught: boolean, crashed: boolean): MutantVerdict {
  if (why !== 'end') return why
  if (caught) return 'caught'
  return crashed ? 'crashed' : 'survived'
}

/** The line that names the error, of all that a process prints when it dies. */
function lastLine(errors: string): string {
  const lines = errors.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => /^[\w.]*(?:Error|FATAL)\b/.test(line)) ?? lines.at(-1) ?? 'it died without a word'
}
