import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The C programs that the kernel is compared with, by name of the source. */
export type CProgram = 'heap-hold' | 'full-loop'

/** Compiled programs, or why there are none. */
export interface Compiled {
  /** Path of a program. */
  readonly programs: Readonly<Record<CProgram, string>> | null
  /** For the reader: the compiler and whose SHA-256, or the reason. */
  readonly about: string
}

const PROGRAMS: readonly CProgram[] = ['heap-hold', 'full-loop']

/** Compiles the C sources into a temporary folder that is gone when this process ends. */
export function compile(): Compiled {
  const version = spawnSync('cc', ['--version'], { encoding: 'utf8' })
  if (version.status !== 0) return { programs: null, about: 'no C compiler (cc) found' }
  const folder = mkdtempSync(join(tmpdir(), 'twiceshy-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const build = (program: CProgram, flags: readonly string[], libraries: readonly string[]): boolean => {
    // From dist/bench back to the sources.
    const source = fileURLToPath(new URL(`../../bench/c/${program}.c`, import.meta.url))
    const made = spawnSync('cc', ['-O3', ...flags, '-o', join(folder, program), source, ...libraries], {
      encoding: 'utf8',
    })
    return made.status === 0
  }
  const libcrypto = build('full-loop', ['-DLIBCRYPTO'], ['-lcrypto'])
  const built = (libcrypto || build('full-loop', [], [])) && build('heap-hold', [], [])
  if (!built) return { programs: null, about: 'the C compiler failed' }
  const compiler = version.stdout.split('\n')[0] ?? 'cc'
  const hash = libcrypto ? "libcrypto's SHA-256" : 'a plain SHA-256, for want of libcrypto: this flatters the kernel'
  const [hold, full] = PROGRAMS.map((program) => join(folder, program)) as [string, string]
  return { programs: { 'heap-hold': hold, 'full-loop': full }, about: `${compiler}, -O3, ${hash}` }
}
