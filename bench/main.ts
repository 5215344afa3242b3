import { cpus } from 'node:os'
import { BARS, CHECKS, type Round } from './bars.ts'
import { compile } from './compile.ts'
import { measure, type Missing, type Tools } from './measure.ts'
import type { Sample } from './sample.ts'
import { findSimPy } from './simpy.ts'
import { barLine, checkLine, table } from './table.ts'
import { type VariantName, VARIANTS } from './variants.ts'

/**
 * `npm run bench [-- --quick] [-- --rounds=N]`: every variant in a process of its own, round after round, and one table of
 * ratios. `--quick` measures one percent of one round: its numbers mean nothing, its checks do. Ends with 1 when a
 * check or a measurement failed, after printing what the others gave; timing never fails.
 */
const quick = process.argv.includes('--quick')
const wanted = Number(process.argv.find((arg) => arg.startsWith('--rounds='))?.slice('--rounds='.length) ?? 5)
const rounds = quick ? 1 : Math.max(1, Math.floor(Number.isFinite(wanted) ? wanted : 5))
const scale = quick ? 0.01 : 1

const tools: Tools = { compiled: compile(), simpy: findSimPy() }
console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}`)
console.log(`C: ${tools.compiled.about}\nSimPy: ${tools.simpy.about}`)

const measured: Round[] = []
const misses: Record<string, Missing> = {}
const failures: string[] = []
for (let round = 1; round <= rounds; round++) {
  const samples: Record<string, Sample> = {}
  for (const name of Object.keys(VARIANTS) as VariantName[]) {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[Kround ${round} of ${rounds}: ${name}`)
    const sample = await measure(VARIANTS[name], scale, tools)
    if (!('verdict' in sample)) {
      samples[name] = sample
      continue
    }
    misses[name] = sample
    if (sample.verdict === 'failed') failures.push(`${name} failed in round ${round}: ${sample.why}`)
  }
  measured.push(samples)
}
if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')

const bars = BARS.map((bar) => barLine(bar, measured, misses)).map((line) =>
  quick && line.verdict !== 'failed' ? { ...line, verdict: '' as const } : line,
)
const checks = CHECKS.map((check) => checkLine(check, measured, misses))
console.log(quick ? '\none percent of one round: the numbers mean nothing\n' : `\n${rounds} rounds\n`)
console.log(table([...bars, ...checks]))
if (failures.length > 0) console.log(`\n${failures.join('\n')}`)
process.exitCode = failures.length > 0 || checks.some(({ verdict }) => verdict === 'FAIL') ? 1 : 0
