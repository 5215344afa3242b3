import {
  type Action,
  type ChaosKind,
  DISK_KINDS,
  HOSTILE_KINDS,
  NAMED_KINDS,
  ORDINARY_KINDS,
  type StreamMatch,
} from '../../../sim/faults/plan.ts'
import { SECOND } from '../../../sim/kernel/time.ts'
import type { Place } from '../place.ts'
import { signedDurationAt, spreadAt } from '../values/duration.ts'
import type { Context } from './context.ts'
import { resolveAdmin } from './admin.ts'
import { checkApi } from './moments.ts'
import { resolveCorruption } from './corruption.ts'
import { resolveGroups } from './groups.ts'
import { diskFailure, slowDisk } from './disk-actions.ts'
import { nodeTarget } from './node-target.ts'
import { onlyClients, resolveTarget } from './target.ts'

/** All that stands under its own name in a fault. */
export const ACTIONS: readonly ChaosKind[] = [...ORDINARY_KINDS, ...DISK_KINDS, ...HOSTILE_KINDS, ...NAMED_KINDS]

/** The action that stands under its name in a fault. Null when it is not understood, which is reported. */
export function resolveAction(place: Place, context: Context): Action | null {
  const kind = place.name as ChaosKind
  switch (kind) {
    case 'crash':
    case 'power-loss':
    case 'wipe-disk':
    case 'stop':
    case 'pause': {
      const target = nodeTarget(place, context, kind)
      return target === null ? null : { kind, target }
    }
    case 'slow-disk':
      return slowDisk(place, context)
    case 'corrupt':
      return resolveCorruption(place, context, (target) => nodeTarget(target, context, 'corrupt'))
    case 'disk-error':
    case 'disk-full':
      return diskFailure(place, context, kind)
    case 'clock-jump':
    case 'clock-skew':
      return moveClock(place, context, kind)
    case 'partition': {
      const groups = resolveGroups(place, context)
      return groups === null ? null : { kind, groups }
    }
    case 'isolate':
      return isolate(place, context)
    case 'delay': {
      const match = streamMatch(place, context)
      const by = spreadAt(place.get('by'), '`by`', null)
      if (!place.has('by') && place.tree?.kind === 'map')
        place.error('TWICESHY_MISSING', '`delay` does not say how long', 'add `by: 5s`')
      return match === null || by === null ? null : { kind, by, ...match }
    }
    case 'drop': {
      const match = streamMatch(place, context)
      if (place.has('by'))
        place.get('by').keyError('TWICESHY_UNKNOWN_KEY', '`by` belongs to `delay`: what is dropped never arrives')
      return match === null ? null : { kind, ...match }
    }
    case 'disconnect':
      return disconnect(place, context)
    case 'admin':
      return resolveAdmin(place, context)
  }
}

function moveClock(place: Place, context: Context, kind: 'clock-jump' | 'clock-skew'): Action | null {
  const example = `write \`${kind}: { target: broker-1, by: ${kind === 'clock-jump' ? '-1h' : '10ms'} }\``
  if (place.tree?.kind !== 'map') {
    place.wrongType(`\`${kind}\` must be a map of \`target\` and \`by\``, example)
    return null
  }
  const target = nodeTarget(place.get('target'), context, kind)
  const by = place.get('by')
  const byUs = signedDurationAt(by, '`by`', null)
  if (!by.written) place.error('TWICESHY_MISSING', `\`${kind}\` does not say by how much`, example)
  if (byUs === 0) by.error('TWICESHY_RANGE', '`by` must not be 0', example)
  if (kind === 'clock-skew' && byUs !== null && byUs < -SECOND) {
    const help = 'a clock that loses 1s in a second stands still; to set it back, use `clock-jump`'
    by.error('TWICESHY_RANGE', '`by` is what the clock gains in a second, and no clock runs backwards', help)
  }
  return target === null || byUs === null ? null : { kind, target, byUs }
}

const DIRECTIONS = ['in', 'out', 'both'] as const

function isolate(place: Place, context: Context): Action | null {
  const long = place.tree?.kind === 'map' && place.get('any').tree === null
  const target = nodeTarget(long ? place.get('target') : place, context, 'isolate')
  const direction = (long ? place.get('direction').word(DIRECTIONS, '`direction`') : null) ?? 'both'
  const from = long && place.has('from') ? resolveTarget(place.get('from'), context) : null
  return target === null ? null : { kind: 'isolate', target, direction, from }
}

function disconnect(place: Place, context: Context): Action | null {
  const between = place.get('between')
  const [a, b, ...rest] = between.items()
  if (a === undefined || b === undefined || rest.length > 0) {
    const where = between.written ? between : place
    if (!where.broken)
      where.error(
        'TWICESHY_FAULT',
        '`disconnect` needs two targets',
        'write `disconnect: { between: [checkout#0, broker-1] }`',
      )
    return null
  }
  const first = resolveTarget(a, context)
  const second = resolveTarget(b, context)
  return first === null || second === null ? null : { kind: 'disconnect', between: [first, second] }
}

const CONNECTIONS = ['any', 'same'] as const

function streamMatch(place: Place, context: Context): StreamMatch | null {
  if (place.tree?.kind !== 'map') {
    place.wrongType(
      `\`${place.name}\` must be a map of keys`,
      'such as `{ from: checkout, to: leader(orders-0), api: Produce }`',
    )
    return null
  }
  const from = place.has('from') ? resolveTarget(place.get('from'), context) : null
  const to = place.has('to') ? resolveTarget(place.get('to'), context) : null
  const reply = place.get('reply').boolean('`reply`', false)
  if ((place.has('from') && from === null) || (place.has('to') && to === null)) return null
  // From and to are those of the reply itself. Clients answer nothing: there the request's direction was meant.
  const swap = reply && from !== null && onlyClients(from)
  return {
    from: swap ? to : from,
    to: swap ? from : to,
    api: checkApi(place.get('api'), context),
    reply,
    nth: place.get('nth').integer('`nth`', 1, 1_000_000_000, 1),
    count: place.get('count').integer('`count`', 1, 1_000_000_000, null),
    connection: place.get('connection').word(CONNECTIONS, '`connection`') ?? 'any',
  }
}
