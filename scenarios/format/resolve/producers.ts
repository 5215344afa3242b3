import type { WritesWhen } from '../../../sim/application/applications.ts'
import type { OnUnknown, ProducerWorkload, TransactionPattern } from '../../../sim/application/workload.ts'
import { clientBase, type ClusterProfile } from '../../../sim/kafka/protocol/profile.ts'
import { constant, type Spread } from '../../../sim/kernel/spread.ts'
import { MILLISECOND } from '../../../sim/kernel/time.ts'
import type { ProducerSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { spreadAt } from '../values/duration.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { resolveProducerConfig } from './producer-config.ts'
import { resolveClientProfile } from './profile.ts'
import { checkRecordKeys } from './record-keys.ts'
import { shareAt } from './share.ts'
import { resolveSteps } from './steps.ts'
import { checkScript, transactionStep } from './transaction-steps.ts'
import { checkSendsInTransactions, withTransactionalId } from './transaction-rules.ts'
import { databaseAt } from './store-names.ts'
import { resolveTimes } from './times.ts'
import { resolveTopicNames } from './topic-names.ts'

const DEFAULT_EVERY: Spread = constant(10 * MILLISECOND)
const WRITES_WHEN: readonly WritesWhen[] = ['before-publishing', 'after-publishing', 'instead-of-publishing']
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
  checkWorkloadKeys(place)
  if (!steps.written && !place.has('to')) {
    place.keyErrorOrValue(
      'TWICESHY_MISSING',
      `producer \`${place.name}\` does not say which topic it writes to`,
      'add `to: <topic>`',
    )
  }
  const { startUs, stopUs } = resolveTimes(place, 'producer', runForUs)
  const client = resolveClientProfile(place.get('profile'), profile, ['publishing'])
  const written = resolveProducerConfig(place.get('config'), clientBase(client))
  const workload: ProducerWorkload = steps.written
    ? { kind: 'steps', steps: resolveSteps(steps, to, context) }
    : sendAt(place.get('send'), facts, place.get('transactions'))
  checkRecordKeys(place, workload, to, context)
  const user = place.has('transactions') ? place.get('transactions') : transactionStep(steps)
  const config = user === null ? written : withTransactionalId(user, `\`${wordOf(user)}\``, written, facts)
  if (workload.kind === 'send') checkSendsInTransactions(place, { workload, config })
  else if (config['transactional.id'] !== '') checkScript(steps, workload.steps)
  const writes = writesAt(place, { workload, config }, context)
  return {
    name: facts.name,
    to,
    instances: facts.instances,
    startUs,
    stopUs,
    workload,
    onUnknown: place.get('on-unknown').word(ON_UNKNOWN, '`on-unknown`') ?? 'give-up',
    profile: client,
    config,
    ...(writes === null ? {} : { writes }),
  }
}

/** What stands there that uses transactions. */
function wordOf(user: Place): string {
  return user.text() ?? user.name
}

function checkWorkloadKeys(place: Place): void {
  const steps = place.get('steps')
  if (!steps.written) return
  for (const key of ['send', 'transactions']) {
    if (!place.get(key).written) continue
    steps.keyErrorOrValue(
      'TWICESHY_IMPOSSIBLE',
      `producer \`${place.name}\` has \`steps\` and \`${key}\` at once`,
      key === 'send'
        ? 'keep one of the two'
        : 'a script says itself where transactions begin and end, by `- begin` and `- commit`',
    )
  }
}

function sendAt(place: Place, facts: ApplicationFacts, transactions: Place): ProducerWorkload {
  place.expectMap('`send`')
  return {
    kind: 'send',
    records: typeof facts.records === 'number' ? facts.records : 0,
    every: spreadAt(place.get('every'), '`every`', DEFAULT_EVERY),
    keys: place.get('keys').integer('`keys`', 0, 1_000_000, 0),
    size: place.get('size').integer('`size`', 0, 100_000_000, 100),
    transactions: transactionsAt(transactions),
  }
}

/** `writes: { into: ledger, when: before-publishing }` */
function writesAt(
  producer: Place,
  { workload, config }: Pick<ProducerSpec, 'workload' | 'config'>,
  context: Context,
): Required<ProducerSpec>['writes'] | null {
  const place = producer.get('writes')
  if (!place.written || place.broken || !place.expectMap('`writes`')) return null
  if (workload.kind === 'steps') {
    place.notSimulated('a script with `writes`', 'let the producer `send` a stream of records')
  } else if (config['transactional.id'] !== '') {
    const help = 'leave the transactions out: the database takes no part in them'
    place.notSimulated('`writes` of a producer with transactions', help)
  }
  const who = `producer \`${producer.name}\``
  return {
    into: databaseAt('into', { place, who, does: 'writes into', example: '{ kind: database }' }, context),
    when: place.get('when').word(WRITES_WHEN, '`when`') ?? 'before-publishing',
  }
}

/** `transactions: { every: 10, abort: 0.2 }` */
function transactionsAt(place: Place): TransactionPattern | null {
  if (!place.written || place.broken || !place.expectMap('`transactions`')) return null
  return {
    every: place.get('every').integer('`every`', 1, 1_000_000, 1),
    abort: shareAt(place.get('abort'), '`abort`'),
  }
}
