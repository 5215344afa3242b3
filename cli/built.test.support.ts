import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Context } from './context.ts'

const BUNDLE = new URL('../dist/bundle/', import.meta.url)

/** The command as users start it. */
export const MAIN: string = fileURLToPath(new URL('cli/main.js', BUNDLE))
/** Its pool's worker, its room for the user's code, and its judge. */
export const WORKER: URL = new URL('cli/pool/worker.js', BUNDLE)
export const ROOM: URL = new URL('cli/code/room-worker.js', BUNDLE)
export const JUDGE: string = new URL('properties/judge.js', BUNDLE).href

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** The built command line as a process of its own, in a folder. */
export function started(folder: string, ...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

/** Commands that judge in threads. */
const IN_THREADS: ReadonlySet<string | undefined> = new Set(['run', 'matrix', 'fuzz', 'campaign'])

/**
 * The same on this thread, which saves the start of a process: the built program with its own loader, judge and threads, as
 * `main` calls it. It judges here as well, where nothing is loaded and compiled anew, unless the arguments say in how many
 * threads. Not for what a process has to itself: signals, pipes, its time zone, modules that were never loaded.
 */
export async function called(folder: string, ...args: readonly string[]): Promise<Ended> {
  const [{ main }, { realEngine }, { packageRoot, packageVersion }] = await Promise.all([
    built<typeof import('./program.ts')>('cli/program.js'),
    built<typeof import('./real-engine.ts')>('cli/real-engine.js'),
    built<typeof import('./package-root.ts')>('cli/package-root.js'),
  ])
  const text = { out: '', err: '' }
  const sink = (name: 'out' | 'err'): Context['console']['out'] => ({
    write: (more) => void (text[name] += more),
    isTTY: false,
    columns: null,
  })
  const jobs = IN_THREADS.has(args[0]) && !args.includes('--jobs') ? ['--jobs', '1'] : []
  const code = await main([...args, ...jobs], {
    console: { out: sink('out'), err: sink('err'), env: process.env, cwd: folder },
    engine: realEngine,
    version: packageVersion(),
    root: packageRoot(),
  })
  return { code, ...text }
}

function built<Module>(file: string): Promise<Module> {
  return import(new URL(file, BUNDLE).href) as Promise<Module>
}
