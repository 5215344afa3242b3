import type { OnUnknown, ProducerWorkload } from '../../../sim/application/workload.ts'
import { clientBase, type ClusterProfile } from '../../../sim/kafka/protocol/profile.ts'
import { constant, type Spread } from '../../../sim/kernel/spread.ts'
import { MILLISECOND } from '../../../sim/kernel/time.ts'
import type { ProducerSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { spreadAt } from '../values/duration.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { resolveProducerConfig } from './producer-config.ts'
import { resolveClientProfile } from './profile.ts'
import { resolveSteps } from './steps.ts'
import { resolveTimes } from './times.ts'
import { resolveTopicNames } from './topic-names.ts'

const DEFAULT_EVERY: Spread = constant(10 * MILLISECOND)
const ON_UNKNOWN: readonly OnUnknown[] = ['give-up', 'resend']

/** `producers:` after defaults. */
export function resolveProducers(context: Context, profile: ClusterProfile, runForUs: number): readonly ProducerSpec[] {
  return [...context.applications.values()]
    .filter((facts) => facts.kind === 'producer')
    .map((facts) => resolveProducer(facts, context, profile, runForUs))
}

function resolveProducer(
  facts: ApplicationFacts,
  context: Context,
  profile: ClusterProfile,
  runForUs: number,
): ProducerSpec {
  const place = facts.place
  place.expectMap(`producer \`${place.name}\``)
  const to = resolveTopicNames(place.get('to'), context)
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
  const { startUs, stopUs } = resolveTimes(place, 'producer', runForUs)
  const client = resolveClientProfile(place.get('profile'), profile, true)
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
    config: resolveProducerConfig(place.get('config'), clientBase(client)),
  }
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
