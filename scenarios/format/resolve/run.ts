import { constant, type Spread } from '../../../sim/kernel/spread.ts'
import { MICROSECOND, MILLISECOND, SECOND } from '../../../sim/kernel/time.ts'
import type { NetworkSpec, RunSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { durationAt, spreadAt } from '../values/duration.ts'
import type { Context } from './context.ts'
import { nodeExists, nodeHelp } from './nodes.ts'

const DEFAULT_LATENCY: Spread = { kind: 'uniform', minUs: 200 * MICROSECOND, maxUs: 2 * MILLISECOND }
const MOST_RUNS = 10_000_000
const MOST_EVENTS = 1_000_000_000

/** `run:` after defaults. */
export function resolveRun(place: Place): RunSpec {
  place.expectMap('`run`')
  const forUs = durationAt(place.get('for'), '`run.for`', 60 * SECOND)
  if (forUs === 0) place.get('for').error('TWICESHY_RANGE', '`run.for` must be longer than 0')
  return {
    forUs: Math.max(1, forUs),
    thenHealUs: durationAt(place.get('then-heal'), '`then-heal`', null),
    maxEvents: place.get('max-events').integer('`max-events`', 1, MOST_EVENTS, 5_000_000),
  }
}

/** `run.runs` as written, or null. */
export function writtenRuns(place: Place): number | null {
  return place.get('runs').integer('`runs`', 1, MOST_RUNS, null)
}

/** `network:` after defaults. */
export function resolveNetwork(place: Place, context: Context): NetworkSpec {
  place.expectMap('`network`')
  const fallback = context.cluster.perfect ? constant(0) : DEFAULT_LATENCY
  const latency = spreadAt(place.get('latency'), '`latency`', fallback)
  const links: { readonly between: readonly [string, string]; readonly latency: Spread }[] = []
  if (place.get('links').expectList('`links`')) {
    for (const link of place.get('links').items()) {
      const resolved = resolveLink(link, context)
      if (resolved !== null) links.push(resolved)
    }
  }
  return { latency, links }
}

function resolveLink(link: Place, context: Context): NetworkSpec['links'][number] | null {
  if (!link.expectMap('a link')) return null
  const [a, b, ...rest] = link.get('between').items()
  if (a === undefined || b === undefined || rest.length > 0) {
    link
      .get('between')
      .error('TWICESHY_TYPE', '`between` must be a list of two nodes', 'such as `between: [broker-1, broker-2]`')
    return null
  }
  const first = nodeAt(a, context)
  const second = nodeAt(b, context)
  if (first !== null && first === second) b.error('TWICESHY_IMPOSSIBLE', `a link of \`${first}\` with itself`, null, a)
  const latency = spreadAt(link.get('latency'), '`latency`', null)
  if (latency === null && !link.has('latency')) link.error('TWICESHY_MISSING', 'a link needs a `latency`')
  return first === null || second === null || latency === null ? null : { between: [first, second], latency }
}

function nodeAt(place: Place, context: Context): string | null {
  const text = place.text()
  if (text === null || place.broken) {
    if (!place.broken) place.wrongType('a node must be a name')
    return null
  }
  if (nodeExists(text, context)) return text
  place.error(
    'TWICESHY_UNKNOWN_NODE',
    `there is no node ${place.describe()}`,
    place.report.full ? null : nodeHelp(text, context),
  )
  return null
}
