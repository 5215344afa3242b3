import { constant } from '../../../sim/kernel/spread.ts'
import { MILLISECOND } from '../../../sim/kernel/time.ts'
import type { StoreSpec } from '../../../sim/spec.ts'
import { spreadAt } from '../values/duration.ts'
import type { Context } from './context.ts'

const KINDS = ['database', 'files', 'endpoint'] as const

/** `stores:` after defaults. */
export function resolveStores(context: Context): readonly StoreSpec[] {
  return [...context.stores.values()].map(({ name, place }) => {
    place.expectMap(`store \`${name}\``)
    const kind = place.get('kind').word(KINDS, '`kind`') ?? 'database'
    const rows = place.get('rows').integer('`rows`', 0, 1_000_000_000, 0)
    if (rows > 0) place.get('rows').notSimulated('`rows`, which only a source reads,', 'leave it out')
    return { name, kind, latency: spreadAt(place.get('latency'), '`latency`', constant(MILLISECOND)) }
  })
}
