import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const DIST = fileURLToPath(new URL('../dist', import.meta.url))

/** A defect that is put into the built product while it is loaded; no file changes. */
export interface Plant {
  /** Below `dist`. */
  readonly file: string
  /** Stands exactly once in it. */
  readonly anchor: string
  readonly replacement: string
  /** Put before everything else in the file. */
  readonly prelude?: string
}

/** The built command line with a defect in it, in its threads and children too, and a folder to run it in. */
export class Planted {
  private readonly folder = mkdtempSync(join(tmpdir(), 'twiceshy-planted-'))
  private readonly env: NodeJS.ProcessEnv

  constructor(plant: Plant) {
    const times = readFileSync(join(DIST, plant.file), 'utf8').split(plant.anchor).length - 1
    if (times !== 1) throw new Error(`the anchor stands ${times} times in ${plant.file}`)
    const loader = new URL('../dist/cli/plant.test.support.js', import.meta.url).href
    this.env = { ...process.env, TZ: 'UTC', NODE_OPTIONS: `--import=${loader}`, TWICESHY_PLANT: JSON.stringify(plant) }
  }

  file(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }

  run(...args: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(DIST, 'cli/main.js'), ...args], {
      cwd: this.folder,
      encoding: 'utf8',
      env: this.env,
    })
    return { code: status, out: stdout, err: stderr }
  }
}
