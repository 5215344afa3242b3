import { impliedLog } from '../../../sim/faults/corrupted-log.ts'
import type { Action, CorruptedLog, CorruptionMatch, Target } from '../../../sim/faults/plan.ts'
import type { Place } from '../place.ts'
import type { Context } from './context.ts'
import { partitionNamed } from './partitions.ts'
import { isShare } from './share-group.ts'
import { isStateful } from './stateful.ts'

const BATCHES = ['any', 'first', 'last'] as const

/**
 * `corrupt: broker-1`, or `corrupt: { target: broker-1, partition: orders-0, batch: last }`. A target that names a partition,
 * or somebody's coordinator, says of itself which log is hit. Null when it is not understood, which is reported.
 *
 * @param resolveNode resolves the target, and refuses who has no disk
 */
export function resolveCorruption(
  place: Place,
  context: Context,
  resolveNode: (target: Place) => Target | null,
): Action | null {
  const long = place.tree?.kind === 'map' && place.get('any').tree === null
  if (long && !place.has('target')) {
    place.error('TWICESHY_MISSING', '`corrupt` does not say on whose disk', 'write `corrupt: { target: broker-1 }`')
    return null
  }
  const at = long ? place.get('target') : place
  const target = resolveNode(at)
  const written = long && place.has('partition') ? writtenLog(place.get('partition'), context) : undefined
  const batch = long ? batchAt(place.get('batch')) : 'any'
  if (target === null || written === null || batch === null) return null
  if (hitsController(target)) {
    const help = 'let it hit a broker, such as `broker-1` or `leader(orders-0)`'
    at.error('TWICESHY_TARGET', '`corrupt` hits the log of a topic, and controllers have none', help)
    return null
  }
  return isCorruptionSimulated(place, context)
    ? { kind: 'corrupt', target, log: written ?? impliedLog(target), batch }
    : null
}

function writtenLog(place: Place, context: Context): CorruptedLog | null {
  const text = place.text()
  if (text === null) {
    place.wrongType('`partition` takes the name of a partition', 'such as `orders-0`')
    return null
  }
  const named = partitionNamed(place, text, '`partition`', (each) => `partition: ${each}`, context)
  return named === null ? null : { kind: 'partition', ...named }
}

/** A place in the log, or an offset that the batch holds. */
function batchAt(place: Place): CorruptionMatch['batch'] | null {
  if (!place.written) return 'any'
  if (/^\d+$/.test(place.text() ?? '')) return place.integer('`batch`', 0, Number.MAX_SAFE_INTEGER, null)
  const word = BATCHES.find((each) => each === place.text())
  if (word !== undefined) return word
  const help = 'write `first`, `last`, `any`, or an offset that the batch holds'
  place.error('TWICESHY_VALUE', `\`batch\` is a place in the log, not ${place.describe()}`, help)
  return null
}

function hitsController(target: Target): boolean {
  switch (target.kind) {
    case 'node':
      return target.name.startsWith('controller-')
    case 'active-controller':
      return true
    case 'role':
      return target.role === 'controllers'
    case 'minority':
    case 'majority':
      return target.of === 'controllers'
    case 'any':
      return target.of.some(hitsController)
    case 'application':
    case 'leader':
    case 'follower':
    case 'followers':
    case 'group-coordinator':
    case 'transaction-coordinator':
      return false
  }
}

/** Who reads a log in another way than consumers do is not asked yet what it does with a wrong checksum. */
export function isCorruptionSimulated(place: Place, context: Context): boolean {
  for (const facts of context.applications.values()) {
    const what = isShare(facts) ? 'a share group' : isStateful(facts) ? 'an application that counts' : null
    const who = facts.kind === 'source' ? 'a source connector' : what
    if (who === null) continue
    place.notSimulated(`\`corrupt\` beside ${who} (\`${facts.name}\`)`)
    return false
  }
  return true
}
