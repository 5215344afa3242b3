import type { Target } from '../../../sim/faults/plan.ts'
import type { Place } from '../place.ts'
import type { Context } from './context.ts'
import { onlyClients, onlyOutside, onlyStateful, resolveTarget } from './target.ts'

/** Actions on the disk of a broker or a controller. */
const NEEDS_DISK: readonly string[] = ['slow-disk', 'disk-error', 'disk-full', 'corrupt']

/** A target that a fault may hit: not the broker of a perfect cluster, and for a disk's fault somebody with a disk. */
export function nodeTarget(place: Place, context: Context, kind: string): Target | null {
  const target = resolveTarget(place, context)
  if (target === null) return null
  const outside = onlyOutside(target, context)
  if (context.cluster.perfect && !outside) {
    const help = 'write `cluster: { brokers: 3 }`, or let the fault hit an application'
    place.error(
      'TWICESHY_PERFECT',
      `\`${kind}\` cannot hit the broker: under \`cluster: perfect\` it never fails`,
      help,
    )
    return null
  }
  if (outside && (NEEDS_DISK.includes(kind) || (kind === 'wipe-disk' && !onlyStateful(target, context)))) {
    const whose = onlyClients(target) ? 'only applications that count have one to lose' : "a store's is not simulated"
    place.error('TWICESHY_TARGET', `\`${kind}\` needs somebody with a disk, and ${whose}`, 'let it hit a broker')
    return null
  }
  return target
}
