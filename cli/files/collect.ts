import { readdirSync, realpathSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

/** Endings of scenario files. */
const ENDINGS: readonly string[] = ['.yaml', '.yml', '.json', '.mjs', '.ts']
/** Files in a folder that have such an ending and are something else. */
const OTHERS: readonly string[] = ['.d.ts', '.test.ts', '.schema.json']
const DEEPEST = 32

export interface Collected {
  /** Files as they are to be shown: relative to the working directory where they lie below it. */
  readonly files: readonly string[]
  readonly mistakes: readonly Mistake[]
  /** Folders without a single scenario file. */
  readonly emptyFolders: readonly string[]
}

/** A file or folder that cannot be used. */
export interface Mistake {
  readonly message: string
  readonly help: string | null
}

/**
 * Finds the scenario files of the given paths; folders are searched through, hidden ones and `node_modules` left out.
 * A file found twice is taken once.
 */
export function collectFiles(paths: readonly string[], cwd: string): Collected {
  const files: string[] = []
  const seen = new Set<string>()
  const mistakes: Mistake[] = []
  const emptyFolders: string[] = []
  const take = (path: string): void => {
    const real = realPath(path)
    if (seen.has(real)) return
    seen.add(real)
    files.push(shownPath(path, cwd))
  }
  for (const path of paths) {
    const absolute = resolve(cwd, path)
    const stat = statSync(absolute, { throwIfNoEntry: false })
    if (stat === undefined) {
      mistakes.push({
        message: `there is no file or folder ${path}`,
        help: 'check the path; `twiceshy init` makes a first scenario',
      })
    } else if (stat.isDirectory()) {
      const found = inFolder(absolute, 0, mistakes)
      if (found.length === 0) emptyFolders.push(path)
      for (const file of found) take(file)
    } else if (!ENDINGS.some((ending) => absolute.toLowerCase().endsWith(ending))) {
      mistakes.push({
        message: `${path} is no scenario file by its name`,
        help: `scenario files end in ${ENDINGS.join(', ')}`,
      })
    } else {
      take(absolute)
    }
  }
  return { files, mistakes, emptyFolders }
}

function inFolder(folder: string, depth: number, mistakes: Mistake[]): readonly string[] {
  if (depth > DEEPEST) return []
  const names = namesIn(folder, mistakes)
  const files: string[] = []
  for (const name of names) {
    if (name.startsWith('.') || name === 'node_modules') continue
    const path = join(folder, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) continue
    if (stat.isDirectory()) files.push(...inFolder(path, depth + 1, mistakes))
    else if (isScenarioName(name)) files.push(path)
  }
  return files
}

function namesIn(folder: string, mistakes: Mistake[]): readonly string[] {
  try {
    // By code unit, so that the order is the same on every machine.
    return readdirSync(folder).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  } catch (error) {
    mistakes.push({ message: `the folder ${folder} cannot be read: ${reasonOf(error)}`, help: null })
    return []
  }
}

function isScenarioName(name: string): boolean {
  const lower = name.toLowerCase()
  return ENDINGS.some((ending) => lower.endsWith(ending)) && !OTHERS.some((ending) => lower.endsWith(ending))
}

/** A path below the working directory is shown relative to it, with forward slashes. */
export function shownPath(path: string, cwd: string): string {
  const shown = relative(cwd, path)
  const below = shown !== '' && !shown.startsWith('..')
  return (below ? shown : path).split(sep).join('/')
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** What the operating system says, without its code words. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? ''
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error))
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'it does not exist',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
}
