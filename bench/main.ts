import { cpus } from 'node:os'
import { BARS, CHECKS, type Round, type VariantName, VARIANTS } from './bars.ts'
import { compile } from './compile.ts'
import { measure } from './measure.ts'
import type { Sample } from './sample.ts'
import { barLine, checkLine, table } from './table.ts'

/**
 * `npm run bench [-- --quick] [-- --rounds=N]`: every variant in a process of its own, round after round, and one table of
 * ratios. `--quick` measures one percent of one round: its numbers mean nothing, its checks do. Ends with 1 when a
 * check failed; timing never fails.
 */
const quick = process.argv.includes('--quick')
const wanted = Number(process.argv.find((arg) => arg.startsWith('--rounds='))?.slice('--rounds='.length) ?? 5)
const rounds = quick ? 1 : Math.max(1, Math.floor(Number.isFinite(wanted) ? wanted : 5))
const scale = quick ? 0.01 : 1

const compiled = compile()
console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}`)
console.log(`C: ${compiled.about}`)

const measured: Round[] = []
for (let round = 1; round <= rounds; round++) {
  const samples: Record<string, Sample> = {}
  for (const name of Object.keys(VARIANTS) as VariantName[]) {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[Kround ${round} of ${rounds}: ${name}`)
    const sample = await measure(VARIANTS[name], scale, compiled)
    if (sample !== null) samples[name] = sample
  }
  measured.push(samples)
}
if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')

const bars = BARS.map((bar) => barLine(bar, measured, compiled.about)).map((line) =>
  quick ? { ...line, verdict: '' as const } : line,
)
const checks = CHECKS.map((check) => checkLine(check, measured, compiled.about))
console.log(quick ? '\none percent of one round: the numbers mean nothing\n' : `\n${rounds} rounds\n`)
console.log(table([...bars, ...checks]))
process.exitCode = checks.some(({ verdict }) => verdict === 'FAIL') ? 1 : 0
