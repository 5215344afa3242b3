import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyPackage } from './mutants/workshop.ts'

/** A defect that is put into a built file. */
export interface Plant {
  /** Below `dist`. */
  readonly file: string
  /** Stands exactly once in it. */
  readonly anchor: string
  readonly replacement: string
  /** Put before everything else in the file. */
  readonly prelude?: string
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A copy of the built command line that takes one defect at a time, and a folder to run it in. */
export class Nursery {
  private readonly package = mkdtempSync(join(tmpdir(), 'twiceshy-planted-'))
  private readonly folder = join(this.package, 'work')

  constructor() {
    copyPackage(this.package)
    mkdirSync(this.folder)
  }

  file(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text)
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8')
  }

  /** Runs the command line with the defect in it, in its threads and children too. */
  run(plant: Plant, ...args: readonly string[]): Ended {
    const file = join(this.package, 'dist', plant.file)
    const sound = readFileSync(file, 'utf8')
    const times = sound.split(plant.anchor).length - 1
    if (times !== 1) throw new Error(`the anchor stands ${times} times in ${plant.file}`)
    writeFileSync(file, (plant.prelude ?? '') + sound.replace(plant.anchor, () => plant.replacement))
    try {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(this.package, 'dist/cli/main.js'), ...args],
        {
          cwd: this.folder,
          encoding: 'utf8',
          env: { ...process.env, TZ: 'UTC' },
        },
      )
      return { code: status, out: stdout, err: stderr }
    } finally {
      writeFileSync(file, sound)
    }
  }

  remove(): void {
    rmSync(this.package, { recursive: true })
  }
}
