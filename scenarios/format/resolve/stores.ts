import { constant } from '../../../sim/kernel/spread.ts'
import { MILLISECOND } from '../../../sim/kernel/time.ts'
import type { StoreSpec } from '../../../sim/spec.ts'
import { spreadAt } from '../values/duration.ts'
import type { Context } from './context.ts'

/** Rows are records of their source, and so many one instance may have. */
const MOST_ROWS = 1_000_000
const KINDS = ['database', 'files', 'endpoint'] as const

/** `stores:` after defaults. */
export function resolveStores(context: Context): readonly StoreSpec[] {
  return [...context.stores.values()].map(({ name, place }) => {
    place.expectMap(`store \`${name}\``)
    const kind = place.get('kind').word(KINDS, '`kind`') ?? 'database'
    const rows = place.get('rows').integer('`rows`', 0, MOST_ROWS, 0)
    if (rows > 0 && kind !== 'database') {
      const message = `\`rows\` are those of a database, and \`${name}\` is not one`
      place.get('rows').error('TWICESHY_IMPOSSIBLE', message, 'write `kind: database`, or leave `rows` out')
    }
    const latency = spreadAt(place.get('latency'), '`latency`', constant(MILLISECOND))
    return rows === 0 ? { name, kind, latency } : { name, kind, latency, rows }
  })
}
