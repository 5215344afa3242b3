import type { OnUnknown, ProducerWorkload } from '../../../sim/application/workload.ts'
import type { ClusterProfile } from '../../../sim/kafka/protocol/profile.ts'
import { constant, type Spread } from '../../../sim/kernel/spread.ts'
import { MILLISECOND } from '../../../sim/kernel/time.ts'
import type { ProducerSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { durationAt, spreadAt } from '../values/duration.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { checkTopic } from './moments.ts'
import { resolveProducerConfig } from './producer-config.ts'
import { resolveClientProfile } from './profile.ts'
import { resolveSteps, scriptIds } from './steps.ts'

const MOST_INSTANCES = 1000
const MOST_RECORDS = 10_000_000
const DEFAULT_EVERY: Spread = constant(10 * MILLISECOND)
const ON_UNKNOWN: readonly OnUnknown[] = ['give-up', 'resend']

/** What other parts need to know of the producers, before those are resolved. */
export function producerFacts(root: Place): ReadonlyMap<string, ApplicationFacts> {
  const facts = new Map<string, ApplicationFacts>()
  const section = root.get('producers')
  if (!section.expectMap('`producers`')) return facts
  for (const place of section.entries()) {
    const instances = place.get('instances').integer('`instances`', 1, MOST_INSTANCES, 1)
    const steps = place.get('steps')
    const records = steps.written
      ? scriptIds(steps)
      : place.get('send').get('records').integer('`records`', 0, MOST_RECORDS, 100)
    facts.set(place.name, { name: place.name, kind: 'producer', instances, records, place })
  }
  return facts
}

/** `producers:` after defaults. */
export function resolveProducers(context: Context, profile: ClusterProfile, runForUs: number): readonly ProducerSpec[] {
  return [...context.applications.values()].map((facts) => resolveProducer(facts, context, profile, runForUs))
}

function resolveProducer(
  facts: ApplicationFacts,
  context: Context,
  profile: ClusterProfile,
  runForUs: number,
): ProducerSpec {
  const place = facts.place
  place.expectMap(`producer \`${place.name}\``)
  const to = topicsAt(place.get('to'), context)
  const steps = place.get('steps')
  if (place.has('transactions')) place.get('transactions').notSimulated('`transactions`')
  checkWorkloadKeys(place)
  if (!steps.written && !place.has('to')) {
    place.keyErrorOrValue(
      'TWICESHY_MISSING',
      `producer \`${place.name}\` does not say which topic it writes to`,
      'add `to: <topic>`',
    )
  }
  const startUs = durationAt(place.get('start'), '`start`', 0)
  const stopUs = durationAt(place.get('stop'), '`stop`', null)
  checkTimes(place, startUs, stopUs, runForUs)
  const client = resolveClientProfile(place.get('profile'), profile)
  return {
    name: facts.name,
    to,
    instances: facts.instances,
    startUs,
    stopUs,
    workload: steps.written
      ? { kind: 'steps', steps: resolveSteps(steps, to, context) }
      : sendAt(place.get('send'), facts),
    onUnknown: place.get('on-unknown').word(ON_UNKNOWN, '`on-unknown`') ?? 'give-up',
    profile: client,
    config: resolveProducerConfig(place.get('config'), client),
  }
}

function topicsAt(place: Place, context: Context): readonly string[] {
  const topics: string[] = []
  for (const topic of place.oneOrMore()) {
    const name = topic.text()
    if (topic.broken) continue
    if (name === null) topic.wrongType('`to` must be a topic or a list of topics')
    else if (checkTopic(topic, context)) topics.push(name)
  }
  if (place.tree?.kind === 'list' && place.items().length === 0) place.error('TWICESHY_MISSING', '`to` names no topic')
  return topics
}

function checkWorkloadKeys(place: Place): void {
  const steps = place.get('steps')
  if (!steps.written) return
  const send = place.get('send')
  if (!send.written) return
  steps.keyErrorOrValue(
    'TWICESHY_IMPOSSIBLE',
    `producer \`${place.name}\` has \`steps\` and \`send\` at once`,
    'keep one of the two',
  )
}

function sendAt(place: Place, facts: ApplicationFacts): ProducerWorkload {
  place.expectMap('`send`')
  return {
    kind: 'send',
    records: typeof facts.records === 'number' ? facts.records : 0,
    every: spreadAt(place.get('every'), '`every`', DEFAULT_EVERY),
    keys: place.get('keys').integer('`keys`', 0, 1_000_000, 0),
    size: place.get('size').integer('`size`', 0, 100_000_000, 100),
  }
}

function checkTimes(place: Place, startUs: number, stopUs: number | null, runForUs: number): void {
  if (startUs >= runForUs && place.has('start')) {
    const message = `producer \`${place.name}\` would start when the run is over already`
    place.get('start').error('TWICESHY_IMPOSSIBLE', message, 'start it earlier, or raise `run.for`')
  }
  if (stopUs !== null && stopUs <= startUs) {
    const message = `producer \`${place.name}\` would stop before it starts`
    place.get('stop').error('TWICESHY_IMPOSSIBLE', message, 'write a later `stop`', place.get('start'))
  }
}
