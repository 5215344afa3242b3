import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Compiled, CProgram } from './compile.ts'
import { rate, type Sample } from './sample.ts'
import type { SimPy } from './simpy.ts'

const execute = promisify(execFile)

/** Most time for one measurement: one that hangs must not take the others with it. */
const MOST_MS = 300_000

/** Something to measure in a process of its own. */
export type Variant =
  | { readonly kind: 'node'; readonly workload: string; readonly count: number; readonly options: readonly string[] }
  /** The same workload in two processes at once; the sample is their summed rate. */
  | { readonly kind: 'twice'; readonly workload: string; readonly count: number; readonly options: readonly string[] }
  | { readonly kind: 'c'; readonly program: CProgram; readonly count: number; readonly option: string }
  | {
      readonly kind: 'simpy'
      readonly style: 'processes' | 'callbacks'
      readonly count: number
      readonly option: string
    }

/** What the machine has beside Node. */
export interface Tools {
  readonly compiled: Compiled
  readonly simpy: SimPy
}

/** Why something was not measured. */
export interface Missing {
  /** `skipped` is for what the machine lacks. */
  readonly verdict: 'skipped' | 'failed'
  readonly why: string
}

/** Measures a variant once; whatever goes wrong is told and not thrown. `scale` below 1 makes it shorter. */
export async function measure(variant: Variant, scale: number, tools: Tools): Promise<Sample | Missing> {
  try {
    return await attempt(variant, Math.max(10, Math.round(variant.count * scale)), tools)
  } catch (error) {
    return { verdict: 'failed', why: reasonOf(error) }
  }
}

async function attempt(variant: Variant, count: number, { compiled, simpy }: Tools): Promise<Sample | Missing> {
  switch (variant.kind) {
    case 'node':
      return node(variant.workload, count, variant.options)
    case 'twice': {
      const samples = await Promise.all([0, 1].map(() => node(variant.workload, count, variant.options)))
      return { count: samples.reduce((sum, sample) => sum + rate(sample), 0), ns: 1e9, check: '' }
    }
    case 'c':
      return compiled.programs === null
        ? { verdict: 'skipped', why: compiled.about }
        : child(compiled.programs[variant.program], [variant.option, String(count)])
    case 'simpy':
      return simpy.program === null
        ? { verdict: 'skipped', why: simpy.about }
        : child('python3', [simpy.program, variant.style, variant.option, String(count)])
  }
}

function node(workload: string, count: number, options: readonly string[]): Promise<Sample> {
  const script = fileURLToPath(new URL('./child.js', import.meta.url))
  return child(process.execPath, ['--expose-gc', script, workload, String(count), ...options])
}

async function child(program: string, args: readonly string[]): Promise<Sample> {
  const { stdout } = await execute(program, args, { timeout: MOST_MS })
  return JSON.parse(stdout) as Sample
}

/** The line that says what went wrong, of all that a process prints when it dies. */
export function reasonOf(error: unknown): string {
  const {
    killed,
    stderr = '',
    message = String(error),
  } = error as {
    readonly killed?: boolean
    readonly stderr?: string
    readonly message?: string
  }
  if (killed === true) return `took more than ${MOST_MS / 60_000} minutes`
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => /^[\w.]*(Error|Exception)\b/.test(line)) ?? lines.at(-1) ?? message
}
