import { MOST_REPEATS } from '../../../sim/faults/draw.ts'
import type { Action, FaultEntry, Trigger } from '../../../sim/faults/plan.ts'
import { constant, type Spread } from '../../../sim/kernel/spread.ts'
import type { Place } from '../place.ts'
import { listOf } from '../suggest.ts'
import { durationAt, formatDuration, leastUs, meanUs, spreadAt } from '../values/duration.ts'
import { ACTIONS, resolveAction } from './actions.ts'
import type { Context } from './context.ts'
import { resolveFail } from './fail.ts'
import { resolveMatch } from './moments.ts'

const TRIGGERS = ['at', 'every', 'between', 'when', 'fail'] as const
/** Most firings of one `every-match`. */
const MOST_TIMES = 100_000

/** `faults:` as entries; those with mistakes are left out. */
export function resolveFaults(place: Place, context: Context, runForUs: number): readonly FaultEntry[] {
  if (!place.expectList('`faults`')) return []
  return place.items().flatMap((fault) => resolveFault(fault, context, runForUs) ?? [])
}

function resolveFault(place: Place, context: Context, runForUs: number): FaultEntry | null {
  if (place.broken) return null
  if (place.tree?.kind !== 'map') {
    place.error(
      'TWICESHY_FAULT',
      `a fault is a map of keys, not ${place.describe()}`,
      'such as `{ at: 12s, crash: broker-1, for: 5s }`',
    )
    return null
  }
  const triggers = TRIGGERS.map((key) => place.get(key)).filter((key) => key.tree !== null)
  const actions = ACTIONS.map((key) => place.get(key)).filter((key) => key.tree !== null)
  checkCounts(place, triggers, actions)
  const only = triggers.length === 1 ? triggers[0] : undefined
  if (only !== undefined) checkExtras(place, only)
  // All of them are looked at, so that their own mistakes are said too.
  const timed = triggers.filter(({ name }) => name !== 'fail')
  const fail = place.get('fail').tree === null ? null : resolveFail(place.get('fail'), context)
  const trigger = timed.map((each) => resolveTrigger(each, place, context, runForUs))[0] ?? fail?.trigger ?? null
  const action = actions.map((each) => resolveAction(each, context))[0] ?? fail?.action ?? null
  const lasts = lastsAt(place, action)
  return trigger === null || action === null ? null : { trigger, action, for: lasts }
}

/** One trigger and one action; `fail` is both at once. */
function checkCounts(place: Place, triggers: readonly Place[], actions: readonly Place[]): void {
  // A misspelt key is reported as such, and is probably what is missing.
  const misspelt = place.entries().some((entry) => !KEYS.includes(entry.name))
  const fails = place.get('fail').tree !== null
  if (triggers.length === 0 && !misspelt) {
    place.error('TWICESHY_FAULT', 'this fault has no trigger', 'add when it happens: at, every, between, when or fail')
  }
  if (actions.length === 0 && !fails && !misspelt) {
    place.error('TWICESHY_FAULT', 'this fault has no action', 'add what happens, such as `crash: broker-1`')
  }
  if (triggers.length > 1) tooMany('triggers', triggers)
  if (actions.length > 1) tooMany('actions', actions)
  if (fails && actions.length > 0) {
    actions[0]?.keyError(
      'TWICESHY_FAULT',
      '`fail` is a trigger and an action, so the fault has two actions',
      'make two faults of it',
    )
  }
}

const KEYS: readonly string[] = [...TRIGGERS, ...ACTIONS, 'for', 'after', 'times', 'every-match']

/** Points at the second first: the one too many. */
function tooMany(what: string, places: readonly Place[]): void {
  const [first, second, ...others] = places.map((place) => place.atKey())
  if (first === undefined || second === undefined) return
  const names = listOf(places.map((place) => place.name))
  second.error(
    'TWICESHY_FAULT',
    `this fault has ${places.length} ${what}: ${names}`,
    'make a fault of each',
    first,
    ...others,
  )
}

/** Keys that mean something with one trigger only. */
function checkExtras(place: Place, trigger: Place): void {
  const wrong = (key: string, needs: string): void => {
    if (place.has(key))
      place
        .get(key)
        .keyError('TWICESHY_FAULT', `\`${key}\` means nothing with \`${trigger.name}\``, `it belongs to ${needs}`)
  }
  if (trigger.name !== 'when') {
    wrong('after', '`when`')
    wrong('every-match', '`when`')
    if (trigger.name !== 'every') wrong('times', '`every`, and `when` with `every-match: true`')
  }
}

function resolveTrigger(trigger: Place, fault: Place, context: Context, runForUs: number): Trigger | null {
  switch (trigger.name) {
    case 'at': {
      const at = spreadAt(trigger, '`at`', null)
      if (at !== null) checkFires(trigger, leastUs(at), runForUs)
      if (at === null && trigger.tree !== null && !trigger.written) missing(trigger)
      return at === null ? null : { kind: 'at', at }
    }
    case 'every':
      return everyTrigger(trigger, fault, runForUs)
    case 'between':
      return betweenTrigger(trigger, runForUs)
    default:
      return whenTrigger(trigger, fault, context)
  }
}

function missing(place: Place): void {
  place.error('TWICESHY_MISSING', `\`${place.name}\` has no value`)
}

function checkFires(place: Place, earliestUs: number, runForUs: number): void {
  if (earliestUs < runForUs) return
  const message = `this fault can never happen: the run ends at ${formatDuration(runForUs)} (\`run.for\`)`
  place.error('TWICESHY_NEVER_FIRES', message, 'let it happen earlier, or raise `run.for`')
}

function everyTrigger(place: Place, fault: Place, runForUs: number): Trigger | null {
  const every = spreadAt(place, '`every`', null)
  const times = fault.get('times').integer('`times`', 1, MOST_REPEATS, null)
  if (every === null) {
    if (!place.written) missing(place)
    return null
  }
  checkFires(place, leastUs(every), runForUs)
  if (times === null && Math.max(1, meanUs(every)) * MOST_REPEATS < runForUs) {
    const message = `\`every\` makes more than ${MOST_REPEATS} faults in a run of ${formatDuration(runForUs)}`
    const least = formatDuration(Math.ceil(runForUs / MOST_REPEATS))
    place.error('TWICESHY_RANGE', message, `write at least \`${least}\` on average, or add \`times:\``)
  }
  return { kind: 'every', every, times }
}

function betweenTrigger(place: Place, runForUs: number): Trigger | null {
  const [from, to, ...rest] = place.items()
  if (from === undefined || to === undefined || rest.length > 0) {
    if (!place.broken)
      place.error(
        'TWICESHY_TYPE',
        `\`between\` must be a list of two times, not ${place.describe()}`,
        'such as `between: [2s, 6s]`',
      )
    return null
  }
  const fromUs = durationAt(from, '`between`', null)
  const toUs = durationAt(to, '`between`', null)
  if (fromUs === null || toUs === null) return null
  if (toUs < fromUs)
    to.error('TWICESHY_IMPOSSIBLE', `\`between\` ends before it begins`, 'write the earlier time first', from)
  checkFires(from, fromUs, runForUs)
  return { kind: 'between', fromUs, toUs }
}

const TRIGGER_KEYS: readonly string[] = ['nth', 'every-match', 'times']

function whenTrigger(place: Place, fault: Place, context: Context): Trigger | null {
  const match = resolveMatch(place, context, TRIGGER_KEYS)
  // Both may stand beside the moment or beside the action.
  const either = (key: string): Place => (place.has(key) ? place.get(key) : fault.get(key))
  for (const key of ['every-match', 'times']) {
    if (place.has(key) && fault.has(key)) {
      fault.get(key).error('TWICESHY_FAULT', `\`${key}\` is written twice`, 'keep one of the two', place.get(key))
    }
  }
  const everyMatch = either('every-match').boolean('`every-match`', false)
  const times = either('times').integer('`times`', 1, MOST_TIMES, null)
  if (times !== null && !everyMatch) {
    either('times').keyError(
      'TWICESHY_FAULT',
      '`times` means nothing without `every-match: true`',
      'add `every-match: true`',
    )
  }
  const nth = place.get('nth').integer('`nth`', 1, 1_000_000_000, 1)
  const after: Spread = spreadAt(fault.get('after'), '`after`', constant(0))
  return match === null ? null : { kind: 'when', match, nth, everyMatch, times, after }
}

function lastsAt(place: Place, action: Action | null): Spread | null {
  const lasts = place.get('for')
  const spread = spreadAt(lasts, '`for`', null)
  if (spread !== null && meanUs(spread) === 0) lasts.error('TWICESHY_RANGE', '`for` must be longer than 0')
  if (lasts.written && action !== null && action !== undefined && isMomentary(action)) {
    const stays = action.kind === 'corrupt' ? 'bytes that changed stay so' : 'what an operator does stays'
    const help = action.kind === 'disconnect' ? 'remove `for`, or use `partition`' : `remove \`for\`: ${stays}`
    lasts.keyError('TWICESHY_FAULT', `\`${action.kind}\` happens at once, so \`for\` means nothing`, help)
  }
  return spread
}

const MOMENTARY: readonly Action['kind'][] = [
  'disconnect',
  'corrupt',
  'add-partitions',
  'elect-leader',
  'move-leader',
  'alter-config',
  'create-topic',
  'reassign',
  'delete-topic',
]

/** Whether an action is over as soon as it is done. */
function isMomentary({ kind }: Action): boolean {
  return MOMENTARY.includes(kind)
}
