import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

/** Endings of scenario files. */
const ENDINGS: readonly string[] = ['.yaml', '.yml', '.json', '.mjs', '.ts']
/** Files in a folder that have such an ending and are something else. */
const OTHERS: readonly string[] = ['.d.ts', '.test.ts', '.schema.json']

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
  const collector = new Collector(cwd)
  for (const path of paths) collector.add(path)
  return collector
}

class Collector implements Collected {
  readonly files: string[] = []
  readonly mistakes: Mistake[] = []
  readonly emptyFolders: string[] = []
  private readonly cwd: string
  private readonly taken = new Set<string>()

  constructor(cwd: string) {
    this.cwd = cwd
  }

  add(path: string): void {
    const absolute = resolve(this.cwd, path)
    const stat = path === '' ? undefined : this.stat(absolute, path)
    if (stat === null) return
    if (stat === undefined) {
      const help = 'check the path; `twiceshy init` makes a first scenario'
      this.mistakes.push({ message: `there is no file or folder ${path === '' ? '""' : path}`, help })
    } else if (stat.isDirectory()) {
      const found = this.inFolder(absolute, [])
      if (found === 0) this.emptyFolders.push(path)
    } else if (!ENDINGS.some((ending) => absolute.toLowerCase().endsWith(ending))) {
      const help = `scenario files end in ${ENDINGS.join(', ')}`
      this.mistakes.push({ message: `${path} is no scenario file by its name`, help })
    } else {
      this.take(absolute)
    }
  }

  /** Undefined when nothing is there; null when that cannot be told, which is a mistake then. */
  private stat(path: string, shown: string): Stats | undefined | null {
    try {
      return statSync(path, { throwIfNoEntry: false })
    } catch (error) {
      this.mistakes.push({ message: `${shown} cannot be read: ${reasonOf(error)}`, help: null })
      return null
    }
  }

  private take(path: string): void {
    const real = realPath(path)
    if (this.taken.has(real)) return
    this.taken.add(real)
    this.files.push(shownPath(path, this.cwd))
  }

  /** Takes the files below a folder and gives their number. A link to a folder that is being searched is not followed. */
  private inFolder(folder: string, above: readonly string[]): number {
    const real = realPath(folder)
    if (above.includes(real)) return 0
    let found = 0
    for (const name of this.namesIn(folder)) {
      if (name.startsWith('.') || name === 'node_modules') continue
      const path = join(folder, name)
      const stat = this.stat(path, shownPath(path, this.cwd))
      if (stat?.isDirectory() === true) {
        found += this.inFolder(path, [...above, real])
      } else if (isScenarioName(name) && stat !== null) {
        found++
        if (stat !== undefined) this.take(path)
        else this.mistakes.push({ message: `${shownPath(path, this.cwd)} is a link to nothing`, help: null })
      }
    }
    return found
  }

  private namesIn(folder: string): readonly string[] {
    try {
      // By code unit, so that the order is the same on every machine.
      return readdirSync(folder).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    } catch (error) {
      const shown = shownPath(folder, this.cwd)
      this.mistakes.push({ message: `the folder ${shown} cannot be read: ${reasonOf(error)}`, help: null })
      return []
    }
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
  ELOOP: 'its links go in a circle',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'it does not exist',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
}
