import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { reasonOf } from '../files/collect.ts'
import { UsageError } from '../usage-error.ts'

/** A folder of saved counterexamples: `<scenario slug>/<8 hex of the content>.yaml`. */
export class Corpus {
  readonly folder: string
  private readonly cwd: string

  constructor(folder: string, cwd: string) {
    this.folder = folder
    this.cwd = cwd
  }

  /**
   * Checks that something can be saved, without touching anything: a long search must not end with that mistake.
   *
   * @throws {@link UsageError} when it cannot
   */
  checkWritable(): void {
    const help = 'choose another folder with --corpus'
    let folder = resolve(this.cwd, this.folder)
    while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder)
    try {
      if (!statSync(folder).isDirectory()) throw new UsageError(`${this.folder} is no folder`, help)
      accessSync(folder, constants.W_OK)
    } catch (error) {
      if (error instanceof UsageError) throw error
      throw new UsageError(`nothing can be saved in ${this.folder}: ${reasonOf(error)}`, help)
    }
  }

  /** Files saved of a scenario before, as they are to be shown. */
  filesOf(scenario: Scenario): readonly string[] {
    const folder = join(this.folder, slugOf(scenario))
    if (!existsSync(resolve(this.cwd, folder))) return []
    return readdirSync(resolve(this.cwd, folder))
      .filter((name) => /^[0-9a-f]{8}\.yaml$/.test(name))
      .sort((a, b) => (a < b ? -1 : 1))
      .map((name) => shown(join(folder, name)))
  }

  /** A place for one counterexample, which keeps getting better. */
  slot(scenario: Scenario): Slot {
    return new Slot(join(this.folder, slugOf(scenario)), this.cwd)
  }
}

/** The file of one counterexample: a better one is written before the one that it replaces is taken away. */
export class Slot {
  path: string | null = null
  private readonly folder: string
  private readonly cwd: string
  /** Whether the file at `path` was made here: one that was there before is nobody's to take away. */
  private own = false

  constructor(folder: string, cwd: string) {
    this.folder = folder
    this.cwd = cwd
  }

  /** Its folder, from the root. */
  get absolute(): string {
    return resolve(this.cwd, this.folder)
  }

  /**
   * Saves a counterexample under the name of its content.
   *
   * @param content what the file says, without the comment at its top
   * @param withHead the whole text, when the path is known
   * @throws {@link UsageError} when it cannot be written
   */
  save(content: string, withHead: (path: string) => string): string {
    const path = shown(join(this.folder, `${createHash('sha256').update(content).digest('hex').slice(0, 8)}.yaml`))
    const absolute = resolve(this.cwd, path)
    const before = this.path
    const existed = path === before ? !this.own : existsSync(absolute)
    try {
      mkdirSync(dirname(absolute), { recursive: true })
      // Renamed, so that there is a whole file or none, whenever the process ends.
      writeFileSync(`${absolute}.part`, withHead(path))
      renameSync(`${absolute}.part`, absolute)
      if (before !== null && before !== path && this.own) rmSync(resolve(this.cwd, before), { force: true })
    } catch (error) {
      throw new UsageError(`${path} cannot be written: ${reasonOf(error)}`, 'choose another folder with --corpus')
    }
    this.path = path
    this.own = !existed
    return path
  }
}

function shown(path: string): string {
  return path.replaceAll('\\', '/')
}

const LONGEST_SLUG = 48

/** A scenario's title and variant as a folder's name: whole words, as many as fit. */
export function slugOf({ title, variant }: Pick<Scenario, 'title' | 'variant'>): string {
  const tail = variant === null ? '' : `-${slugged(variant, LONGEST_SLUG)}`
  return slugged(title, Math.max(8, LONGEST_SLUG - tail.length)) + tail
}

function slugged(text: string, most: number): string {
  const slug = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  if (slug.length <= most) return slug === '' ? 'scenario' : slug
  const cut = slug.lastIndexOf('-', most)
  return slug.slice(0, cut > 0 ? cut : most)
}
