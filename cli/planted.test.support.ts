import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A defect that is put into a copy of what was built. */
export interface Plant {
  /** Below `dist`. */
  readonly file: string
  /** Stands exactly once in it. */
  readonly anchor: string
  readonly replacement: string
  /** Put before everything else in the file. */
  readonly prelude?: string
}

/** A copy of the built product with a defect in it. */
export class Planted {
  private readonly root = mkdtempSync(join(tmpdir(), 'twiceshy-planted-'))

  constructor({ file, anchor, replacement, prelude = '' }: Plant) {
    cpSync(join(ROOT, 'dist'), join(this.root, 'dist'), {
      recursive: true,
      filter: (path) => !/\.(map|d\.ts|tsbuildinfo)$|\.test\./.test(path),
    })
    cpSync(join(ROOT, 'package.json'), join(this.root, 'package.json'))
    symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(this.root, 'node_modules'), 'junction')
    const path = join(this.root, 'dist', file)
    const text = readFileSync(path, 'utf8')
    const parts = text.split(anchor)
    if (parts.length !== 2) throw new Error(`the anchor stands ${parts.length - 1} times in ${file}`)
    writeFileSync(path, prelude + parts.join(replacement))
  }

  file(name: string, text: string): void {
    writeFileSync(join(this.root, name), text)
  }

  remove(): void {
    rmSync(this.root, { recursive: true })
  }

  run(...args: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli/main.js', ...args], {
      cwd: this.root,
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC' },
    })
    return { code: status, out: stdout, err: stderr }
  }
}
