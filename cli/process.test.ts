import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import type { CampaignDocument } from '../reports/campaign/document.ts'
import type { ResultDocument } from '../reports/result.ts'
import { bench } from './fake-context.test.support.ts'

// A process runs what `tsc -b` made of the sources.
const MAIN = fileURLToPath(new URL('../dist/cli/fake-main.test.support.js', import.meta.url))

/** A process is waited for until it has come so far, not for a time. */
const PATIENCE = { timeout: 25_000, interval: 20 }

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function start(
  folder: string,
  ...args: readonly string[]
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()))
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...text })))
  return { child, ended }
}

describe.each(['1', '2'])('Ctrl-C with %s jobs', (jobs) => {
  test('tells what is known and exits with 130', async () => {
    const at = bench()
    at.file('a.yaml', [{ runs: 1_000_000, tags: ['slow:2', 'violate:30'] }])
    const { child, ended } = start(at.folder, 'run', 'a.yaml', '--json', '--reporter', 'ndjson=events', '--jobs', jobs)
    await vi.waitFor(() => expect(readFileSync(`${at.folder}/events`, 'utf8')).toContain('"violation"'), PATIENCE)
    child.kill('SIGINT')
    const { code, out, err } = await ended
    expect({ code, err }).toEqual({ code: 130, err: '' })
    const { scenarios, summary } = JSON.parse(out) as ResultDocument
    expect(summary).toMatchObject({ stopped: 'interrupted', scenarios: 1, notMet: 1 })
    expect(scenarios[0]).toMatchObject({ partial: 'interrupted', runsPlanned: 1_000_000 })
    expect(scenarios[0]?.runs).toBeGreaterThan(10)
    expect(scenarios[0]?.expectations[0]?.firstViolation?.run).toBe(30)
  })
})

test.each(['1', '2'])(
  'a campaign that is interrupted with %s jobs tells what it has, for merge to add up',
  async (jobs) => {
    const at = bench()
    const campaign = { runs: 1_000_000, quotas: [], sharePercent: 1, calibrate: [] }
    at.file('a.yaml', [{ campaign, tags: ['slow:2', 'violate:3'] }])
    const { child, ended } = start(at.folder, 'campaign', 'a.yaml', '--json', '--jobs', jobs)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    child.kill('SIGINT')
    const { code, out, err } = await ended
    expect({ code, err }).toEqual({ code: 130, err: '' })
    const { campaigns, stopped } = JSON.parse(out) as CampaignDocument
    const [scenario] = campaigns[0]?.scenarios ?? []
    expect(stopped).toBe('interrupted')
    const runs = scenario?.runs ?? -1
    expect(runs).toBeGreaterThanOrEqual(0)
    expect(scenario?.judged.reduce((sum, { count }) => sum + count, 0)).toBe(runs)
    // How far it comes depends on the machine.
    if (runs > 100) expect(scenario?.expectations[0]?.firstViolation?.run).toBe(3)
    at.file('part.json', out)
    expect((await at.run('merge', 'part.json')).exit).toBe(130)
  },
)

test('a reader that goes away ends the output, not the judging, and nothing is said about it', async () => {
  const at = bench()
  at.file(
    'a.yaml',
    Array.from({ length: 300 }, (_, i) => ({
      title: `scenario ${i}`,
      tags: ['slow:1', `violate:${i === 299 ? 0 : 1}`],
    })),
  )
  const { child, ended } = start(at.folder, 'run', 'a.yaml', '-v', '--jobs', '1')
  child.stdout?.once('data', () => child.stdout?.destroy())
  const { code, err } = await ended
  expect(err).toBe('')
  // Only the last scenario is not met: it was judged although nobody read on.
  expect(code).toBe(1)
})

test('a thread that dies is exit 70 with the seed of its run', async () => {
  const at = bench()
  at.file('a.yaml', [{ runs: 30, tags: ['die:11'] }])
  const { code, err } = await start(at.folder, 'run', 'a.yaml', '--jobs', '2').ended
  expect(code).toBe(70)
  expect(err).toContain('a worker died')
  expect(err).toContain('run       11 · seed 1/11')
})
