import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Patch } from '../../properties/mutants/mutant.ts'
import { builtFile, patched } from '../../properties/mutants/patch.ts'
import { packageRoot } from '../package-root.ts'

/** What of the built package a copy needs: no tests, no types, no maps, and nothing that was packed before the patch. */
const LEFT_OUT = /\.(?:d\.ts|map)$|\.test\.|[\\/](?:\.build|bench|bundle)$/

/** A copy of the built package in a temporary folder, with one patch. Whoever makes it removes it. */
export class Workshop {
  readonly folder: string

  /**
   * @throws {@link PatchError} when the patch does not fit; the folder is gone then
   */
  constructor(patch: Patch) {
    this.folder = mkdtempSync(join(tmpdir(), 'twiceshy-mutant-'))
    try {
      copyPackage(this.folder)
      const file = join(this.folder, builtFile(patch.file))
      writeFileSync(file, patched(existsSync(file) ? readFileSync(file, 'utf8') : '', patch))
    } catch (error) {
      this.remove()
      throw error
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/**
 * Copies what runs of the built package into an empty folder, which finds the same dependencies.
 *
 * @param built all modules one by one, or what users start, in which they are packed
 */
export function copyPackage(folder: string, built: 'dist' | 'dist/bundle' = 'dist'): void {
  const root = packageRoot()
  const from = join(root, built)
  const filter = (source: string): boolean => source === from || !LEFT_OUT.test(source)
  cpSync(from, join(folder, built), { recursive: true, filter })
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  linkDependencies(root, folder)
}

/** Dependencies are found where the package finds them, which may be beside it or above. */
function linkDependencies(root: string, folder: string): void {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  for (const name of Object.keys(manifest.dependencies)) {
    const target = dependency(root, name)
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(target, link, 'junction')
  }
}

function dependency(root: string, name: string): string {
  for (let folder = root; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name)
    if (existsSync(found)) return found
    if (dirname(folder) === folder) throw new Error(`${name} is missing: the installation is broken`)
  }
}
