import { readFileSync, statSync } from 'node:fs'
import { reasonOf } from './collect.ts'
import { UsageError } from '../usage-error.ts'

/** Larger files are refused before they are read. A scenario has some kilobytes. */
export const LARGEST_FILE: number = 4 * 1024 * 1024

/**
 * Reads a text file.
 *
 * @throws {@link UsageError} when it is missing, no regular file, unreadable, too large or no text
 */
export function readText(path: string, shown: string): string {
  const bytes = readBytes(path, shown)
  if (bytes.includes(0)) throw notText(shown)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw notText(shown)
  }
}

function readBytes(path: string, shown: string): Uint8Array {
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) throw new UsageError(`${shown} is a folder, and a file is needed here`)
    if (!stat.isFile()) throw new UsageError(`${shown} is not a regular file`)
    if (stat.size > LARGEST_FILE) {
      const size = (stat.size / 1024 / 1024).toFixed(1)
      throw new UsageError(`${shown} has ${size} MiB; files are read up to ${LARGEST_FILE / 1024 / 1024} MiB`)
    }
    return readFileSync(path)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${shown} cannot be read: ${reasonOf(error)}`)
  }
}

function notText(shown: string): UsageError {
  return new UsageError(`${shown} is not a text file`, 'scenario files are UTF-8 text')
}
