import type { LoadHook } from 'node:module'
import type { Plant } from './planted.test.support.ts'

/** Stands at the start of a source that has its defect already. */
const MARK = '/* planted */'

let plant: Plant | null = null

export function initialize(data: Plant): void {
  plant = data
}

/** Puts the defect into the one module that it is for, as it is loaded. */
export const load: LoadHook = async (url, context, next) => {
  const loaded = await next(url, context)
  if (plant === null || !url.endsWith(`/dist/${plant.file}`)) return loaded
  const text = Buffer.from(loaded.source as Uint8Array | string).toString()
  if (text.startsWith(MARK)) return loaded
  return {
    ...loaded,
    source: MARK + (plant.prelude ?? '') + text.replace(plant.anchor, () => plant?.replacement ?? ''),
  }
}
