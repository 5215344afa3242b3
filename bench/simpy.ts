import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** SimPy, Python's simulator of discrete events, where it is installed. */
export interface SimPy {
  /** Path of the program that measures it; null when there is none. */
  readonly program: string | null
  /** For the reader: the versions, or the reason. */
  readonly about: string
}

export function findSimPy(): SimPy {
  const versions = "import platform, simpy; print(simpy.__version__, 'on Python', platform.python_version())"
  const { status, stdout, error } = spawnSync('python3', ['-c', versions], { encoding: 'utf8' })
  if (error !== undefined) return { program: null, about: 'no python3 found' }
  if (status !== 0) return { program: null, about: 'python3 has no simpy' }
  // From dist/bench back to the sources.
  return { program: fileURLToPath(new URL('../../bench/python/ping_pong.py', import.meta.url)), about: stdout.trim() }
}
