import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyPackage } from './mutants/workshop.ts'

/** A defect that is put into what was built and packed. */
export interface Plant {
  /** Stands exactly once in it; indented by tabs, as everything there. */
  readonly anchor: string
  readonly replacement: string
  /** Put before everything else in the same file. */
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
  /** What was packed, by path. */
  private readonly files = new Map<string, string>()

  constructor() {
    copyPackage(this.package, 'dist/bundle')
    const bundle = join(this.package, 'dist/bundle')
    for (const name of readdirSync(bundle, { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.js')) this.files.set(join(bundle, name), readFileSync(join(bundle, name), 'utf8'))
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
    const { anchor } = plant
    const places = [...this.files].flatMap(([file, text]) =>
      text
        .split(anchor)
        .slice(1)
        .map(() => file),
    )
    const [file = ''] = places
    if (places.length !== 1) throw new Error(`the anchor stands ${places.length} times in what was packed: ${anchor}`)
    const sound = this.files.get(file) ?? ''
    writeFileSync(file, (plant.prelude ?? '') + sound.replace(anchor, () => plant.replacement))
    try {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(this.package, 'dist/bundle/cli/main.js'), ...args],
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
