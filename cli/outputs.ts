import { accessSync, closeSync, constants, openSync, statSync, writeSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import type { ReportEvent, Reporter } from '../reports/report.ts'
import { reasonOf } from './files/collect.ts'
import { type ReporterChoice } from './flags.ts'
import { UsageError } from './usage-error.ts'

/** What a reporter writes goes to a file or to standard output. */
export interface Output {
  readonly reporter: Reporter
  readonly file: string | null
}

/**
 * Decides what is reported where. Without a reporter on standard output `pretty` is, unless one document is asked for. On
 * GitHub Actions annotations come with `pretty`, which they may share standard output with.
 *
 * @throws {@link UsageError} when two reporters share a destination
 */
export function chosenReporters(
  chosen: readonly ReporterChoice[],
  json: boolean,
  env: Readonly<Record<string, string | undefined>> = {},
): readonly ReporterChoice[] {
  const all: readonly ReporterChoice[] = json ? [{ name: 'json', file: null }, ...chosen] : chosen
  const onStdout = all.filter((choice) => choice.file === null)
  const shared = onStdout.length === 2 && onStdout[0]?.name === 'pretty' && onStdout[1]?.name === 'github'
  if (onStdout.length > 1 && !shared) {
    const names = onStdout.map((choice) => choice.name).join(' and ')
    throw new UsageError(
      `${names} cannot share standard output`,
      `give ${onStdout.length > 2 ? 'all but one' : 'one of them'} a file: --reporter ${onStdout[1]?.name ?? 'json'}=result.txt`,
    )
  }
  const files = all.flatMap((choice) => (choice.file === null ? [] : [resolve(choice.file)]))
  const twice = files.find((file, i) => files.indexOf(file) !== i)
  if (twice !== undefined) throw new UsageError(`two reporters would write to ${twice}`, 'give each a file of its own')
  const told: readonly ReporterChoice[] = onStdout.length === 0 ? [{ name: 'pretty', file: null }, ...all] : all
  const onGithub = (env['GITHUB_ACTIONS'] ?? '') !== '' && !told.some(({ name }) => name === 'github')
  const alone = told.some(({ name, file }) => name === 'pretty' && file === null)
  return onGithub && alone ? [...told, { name: 'github', file: null }] : told
}

/** From the root of a GitHub checkout to the working directory, as annotations need it; '' elsewhere. */
export function folderInCheckout(cwd: string, env: Readonly<Record<string, string | undefined>>): string {
  const root = env['GITHUB_WORKSPACE'] ?? ''
  const folder = root === '' ? '' : relative(root, cwd).split(sep).join('/')
  return folder.startsWith('..') || isAbsolute(folder) ? '' : folder
}

/**
 * Checks that a file can be written, without touching it.
 *
 * @throws {@link UsageError} when it cannot
 */
export function checkWritable(file: string, cwd: string): void {
  const path = resolve(cwd, file)
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory() === true) throw new UsageError(`${file} cannot be written: it is a folder`)
    if (stat !== undefined) return accessSync(path, constants.W_OK)
    const folder = statSync(dirname(path), { throwIfNoEntry: false })
    if (folder === undefined) throw new UsageError(`${file} cannot be written: its folder does not exist`)
    if (!folder.isDirectory()) throw new UsageError(`${file} cannot be written: ${dirname(file)} is no folder`)
    accessSync(dirname(path), constants.W_OK)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${file} cannot be written: ${reasonOf(error)}`)
  }
}

/** Open outputs: every event goes to each reporter, and its text to that reporter's place. */
export class Outputs {
  private readonly places: readonly { readonly reporter: Reporter; readonly write: (text: string) => void }[]
  private readonly descriptors: number[] = []

  constructor(outputs: readonly Output[], cwd: string, stdout: (text: string) => void) {
    this.places = outputs.map(({ reporter, file }) => {
      if (file === null) return { reporter, write: stdout }
      const descriptor = opened(file, cwd)
      this.descriptors.push(descriptor)
      return { reporter, write: (text: string): void => writeAll(descriptor, file, text) }
    })
  }

  report(event: ReportEvent): void {
    for (const { reporter, write } of this.places) {
      const text = reporter.report(event)
      if (text !== '') write(text)
    }
  }

  close(): void {
    for (const descriptor of this.descriptors) closeSync(descriptor)
  }
}

function opened(file: string, cwd: string): number {
  try {
    return openSync(resolve(cwd, file), 'w')
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${reasonOf(error)}`)
  }
}

function writeAll(descriptor: number, file: string, text: string): void {
  const bytes = new TextEncoder().encode(text)
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done)
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${reasonOf(error)}`)
  }
}
