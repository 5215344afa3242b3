import { MARK_NAME } from './mark.ts'
import type { Patch } from './mutant.ts'

/** Stands in a replacement for {@link MARK_EXPRESSION}. */
const MARK = /\bMARK\b/g

const MARK_EXPRESSION = `(globalThis.${MARK_NAME} = true)`

/** A patch that does not fit: the anchor is not there, or not only there, or nothing would prove that it was executed. */
export class PatchError extends Error {
  constructor(patch: Patch, why: string) {
    super(`mutant ${patch.id} does not fit ${patch.file}: ${why}`)
    this.name = 'PatchError'
  }
}

/**
 * Patches a built source.
 *
 * @throws {@link PatchError} unless the anchor stands in it exactly once and the replacement has a mark
 */
export function patched(source: string, patch: Patch): string {
  const { anchor, replacement } = patch
  const at = source.indexOf(anchor)
  if (anchor === '' || at < 0) throw new PatchError(patch, `its anchor is not there: ${anchor}`)
  if (source.includes(anchor, at + 1)) throw new PatchError(patch, `its anchor is there more than once: ${anchor}`)
  if (replacement.search(MARK) < 0) throw new PatchError(patch, 'its replacement has no MARK')
  const marked = replacement.replaceAll(MARK, MARK_EXPRESSION)
  return source.slice(0, at) + marked + source.slice(at + anchor.length)
}

/** Path of what is built of a source file, from the package's root. */
export function builtFile(file: string): string {
  return `dist/${file.replace(/\.ts$/, '.js')}`
}
