import type { Action, DiskOperations } from '../../../sim/faults/plan.ts'
import { logDirNames } from '../../../sim/kafka/log/log-dir-names.ts'
import { constant } from '../../../sim/kernel/spread.ts'
import { MILLISECOND } from '../../../sim/kernel/time.ts'
import { didYouMean } from '../suggest.ts'
import type { Place } from '../place.ts'
import { spreadAt } from '../values/duration.ts'
import type { Context } from './context.ts'
import { nodeTarget } from './node-target.ts'

export function slowDisk(place: Place, context: Context): Action | null {
  const long = place.tree?.kind === 'map' && place.get('any').tree === null
  const target = nodeTarget(long ? place.get('target') : place, context, 'slow-disk')
  const by = long ? spreadAt(place.get('by'), '`by`', constant(100 * MILLISECOND)) : constant(100 * MILLISECOND)
  return target === null ? null : { kind: 'slow-disk', target, by }
}

const REFUSED = ['reads', 'writes', 'flushes'] as const

/** `disk-error` and `disk-full`: a target, or a map of `target`, `directory` and, of an error, `of`. */
export function diskFailure(place: Place, context: Context, kind: 'disk-error' | 'disk-full'): Action | null {
  const long = place.tree?.kind === 'map' && place.get('any').tree === null
  const target = nodeTarget(long ? place.get('target') : place, context, kind)
  const directory = long && place.has('directory') ? directoryAt(place.get('directory'), context) : null
  if (kind === 'disk-full') {
    if (place.has('of'))
      place.get('of').keyError('TWICESHY_UNKNOWN_KEY', '`of` belongs to `disk-error`: a full disk only refuses writes')
    return target === null ? null : { kind, target, directory }
  }
  const of: DiskOperations = (long ? place.get('of').word(REFUSED, '`of`') : null) ?? 'everything'
  return target === null ? null : { kind, target, of, directory }
}

/** A directory that some broker has. Null is reported, unless nothing was said. */
function directoryAt(place: Place, context: Context): string | null {
  const name = place.text()
  const known = [
    ...new Set(
      context.cluster.configs.flatMap((config) => (config['log.dirs'] === undefined ? [] : logDirNames(config))),
    ),
  ]
  if (name !== null && known.includes(name)) return name
  const help =
    known.length === 0
      ? 'give the brokers several: `cluster: { config: { log.dirs: "/data/a,/data/b" } }`'
      : (didYouMean(name ?? '', known) ?? `they have ${known.join(', ')}`)
  if (name === null) place.wrongType('`directory` must be one of `log.dirs`', help)
  else place.error('TWICESHY_VALUE', `no broker has the log directory \`${name}\``, help)
  return null
}
