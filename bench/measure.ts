import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Compiled, CProgram } from './compile.ts'
import { rate, type Sample } from './sample.ts'

const execute = promisify(execFile)

/** Something to measure in a process of its own. */
export type Variant =
  | { readonly kind: 'node'; readonly workload: string; readonly count: number; readonly options: readonly string[] }
  /** The same workload in two processes at once; the sample is their summed rate. */
  | { readonly kind: 'twice'; readonly workload: string; readonly count: number; readonly options: readonly string[] }
  | { readonly kind: 'c'; readonly program: CProgram; readonly count: number; readonly option: string }

/** Measures a variant once. `scale` below 1 makes it shorter. Null when it needs C and there is none. */
export async function measure(variant: Variant, scale: number, compiled: Compiled): Promise<Sample | null> {
  const count = Math.max(10, Math.round(variant.count * scale))
  switch (variant.kind) {
    case 'node':
      return node(variant.workload, count, variant.options)
    case 'twice': {
      const samples = await Promise.all([0, 1].map(() => node(variant.workload, count, variant.options)))
      return { count: samples.reduce((sum, sample) => sum + rate(sample), 0), ns: 1e9, check: '' }
    }
    case 'c':
      return compiled.programs === null
        ? null
        : child(compiled.programs[variant.program], [variant.option, String(count)])
  }
}

function node(workload: string, count: number, options: readonly string[]): Promise<Sample> {
  const script = fileURLToPath(new URL('./child.js', import.meta.url))
  return child(process.execPath, ['--expose-gc', script, workload, String(count), ...options])
}

async function child(program: string, args: readonly string[]): Promise<Sample> {
  const { stdout } = await execute(program, args)
  return JSON.parse(stdout) as Sample
}
