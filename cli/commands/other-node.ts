import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EXIT } from '../exit.ts'
import { MAIN } from '../places.ts'
import { UsageError } from '../usage-error.ts'
import type { JudgingFlags } from './judging-flags.ts'

/** What the other binary is to judge. */
interface Asked {
  readonly paths: readonly string[]
  readonly flags: JudgingFlags
}

/** Another time zone and language: neither may reach a run. */
const FOREIGN = { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' } as const

/** @throws {@link UsageError} when the file is none that can be started */
export function checkExecutable(node: string): void {
  try {
    accessSync(node, constants.X_OK)
  } catch {
    throw new UsageError(`--node ${node} cannot be started`, 'give the path of a Node binary')
  }
}

/** The trace of a run as another Node binary writes it. */
export async function traceUnder(
  node: string,
  request: Asked,
  task: number,
  run: number,
): Promise<readonly Uint8Array[]> {
  const chunks = await askNode<readonly string[]>(node, request, [`--trace-of=${task}/${run}`])
  return chunks.map((chunk) => Buffer.from(chunk, 'base64'))
}

/** What `twiceshy digests` answers under another Node binary. */
export async function askNode<T>(node: string, request: Asked, more: readonly string[]): Promise<T> {
  const { flags } = request
  const main = fileURLToPath(MAIN)
  const pairs: readonly (readonly [string, string | number | null])[] = [
    ['--seed', flags.seed],
    ['--runs', flags.runs],
    ['--jobs', flags.jobs],
    ['--filter', flags.filter],
    ['--profile', flags.profile],
    ...flags.set.map((value) => ['--set', value] as const),
  ]
  // With `=`, so that a value may begin with a dash.
  const given = pairs.flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]))
  const text = await outputOf(node, [main, 'digests', '--quiet', ...given, ...more, '--', ...request.paths])
  try {
    return JSON.parse(text) as T
  } catch {
    throw noNode(node, 'it did not answer as Node does')
  }
}

function noNode(node: string, why: string): UsageError {
  return new UsageError(`--node ${node} could not judge the scenarios: ${why.trim()}`, 'give the path of a Node binary')
}

function outputOf(node: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { env: { ...process.env, ...FOREIGN }, stdio: ['ignore', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', (error) => reject(new UsageError(`--node ${node} cannot be started: ${error.message}`)))
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString('utf8'))
      else if (code !== EXIT.internal)
        reject(noNode(node, `it ended with ${code ?? 'a signal'} ${Buffer.concat(err).toString('utf8').trim()}`))
      else reject(new Error(`${node} ended with ${code ?? 'a signal'}: ${Buffer.concat(err).toString('utf8').trim()}`))
    })
  })
}
