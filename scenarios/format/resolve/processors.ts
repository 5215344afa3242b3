import type {
  ProcessorCommit,
  ProcessorTransactions,
  StreamsRules,
  Transform,
} from '../../../sim/application/applications.ts'
import { clientBase } from '../../../sim/kafka/protocol/profile.ts'
import type { ProducerConfig } from '../../../sim/kafka/protocol/config/producer.ts'
import type { ProcessorSpec, ReaderSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import type { CommitWords } from './commit.ts'
import { splitProcessorConfig } from './consumer-config.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { resolveProducerConfig } from './producer-config.ts'
import { checkHandlerOfProcessor, handlerAt } from './handler.ts'
import { type FileFacts, resolveReader } from './reader.ts'
import { commitOfStreams, overrideConsumer, overrideProducer, streamsAt } from './streams.ts'
import { changelogOf, checkStateful, isStateful } from './stateful.ts'
import { checkpointsAt } from './checkpoints.ts'
import { checkIdempotence } from './streams-rules.ts'
import { shareAt } from './share.ts'
import { resolveTopicNames } from './topic-names.ts'
import { withTransactionalId } from './transaction-rules.ts'

const COMMIT: CommitWords<Exclude<ProcessorCommit, 'auto'>> = {
  words: ['before-output', 'after-output', 'in-transaction', 'two-phase'],
  later: [],
  hints: {
    'before-processing': 'what a processor does is its output: write `before-output`',
    'after-processing': 'what a processor does is its output: write `after-output`',
    'with-output': 'only a sink can, which writes into a store',
  },
}
const MOST_OUTPUTS = 1000
/** They belong to transactions. */
const TRANSACTIONAL = ['group-metadata', 'rewind-on-abort', 'abort'] as const

/** `processors:` after defaults. */
export function resolveProcessors(context: Context, file: FileFacts): readonly ProcessorSpec[] {
  const specs = [...context.applications.values()]
    .filter((facts) => facts.kind === 'processor')
    .map((facts) => resolveProcessor(facts, context, file))
  checkCycles(context)
  return specs
}

function resolveProcessor(facts: ApplicationFacts, context: Context, file: FileFacts): ProcessorSpec {
  const { place, name } = facts
  const streams = streamsAt(place)
  const config = streams ?? splitProcessorConfig(place.get('config'))
  const { spec, commit, rules } = resolveReader(facts, config.consumer, COMMIT, context, file)
  if (place.has('steps'))
    place.get('steps').notSimulated('a scripted processor', 'only consumers and producers have `steps`')
  if (!place.has('to')) {
    place.keyErrorOrValue(
      'TWICESHY_MISSING',
      `processor \`${name}\` does not say which topic it writes to`,
      'add `to: <topic>`',
    )
  }
  const written = resolveProducerConfig(config.producer, clientBase(spec.profile))
  const to = resolveTopicNames(place.get('to'), context)
  const transform = madeBy(place, context)
  if (transform.kind === 'count-by-key') checkStateful(facts, context)
  if (streams !== null) {
    overrideConsumer(rules, streams.rules)
    checkIdempotence(written, streams.producer, streams.rules.guarantee)
    const producerConfig = overrideProducer(written, streams.producer, streams.rules, rules.group)
    return {
      ...spec,
      to,
      transform,
      ...commitOfStreams(streams.rules),
      producerConfig,
      streams: withStore(facts, streams.rules),
    }
  }
  const transactions = transactionsAt(place, commit)
  const producerConfig =
    transactions === null ? written : withTransactionalId(place.get('commit'), `\`commit: ${commit}\``, written, facts)
  if (transactions === null) checkNoTransactions(place, producerConfig)
  else checkInTransaction(place, spec)
  return {
    ...spec,
    to,
    commit,
    transform,
    transactions,
    producerConfig,
    ...(commit === 'two-phase' ? { checkpoints: checkpointsAt(facts, spec, context, file) } : {}),
  }
}

function withStore(facts: ApplicationFacts, rules: StreamsRules): StreamsRules {
  return isStateful(facts) ? { ...rules, changelog: changelogOf(facts.group) } : rules
}

/** How a processor with `commit: in-transaction` commits; null for others, which may not say it. */
function transactionsAt(place: Place, commit: ProcessorCommit): ProcessorTransactions | null {
  if (commit === 'in-transaction') {
    return {
      groupMetadata: place.get('group-metadata').boolean('`group-metadata`', true),
      rewindOnAbort: place.get('rewind-on-abort').boolean('`rewind-on-abort`', true),
      abort: shareAt(place.get('abort'), '`abort`'),
    }
  }
  if (commit === 'two-phase')
    return { groupMetadata: false, rewindOnAbort: true, abort: shareAt(place.get('abort'), '`abort`') }
  for (const key of TRANSACTIONAL) {
    if (!place.has(key)) continue
    const message = `\`${key}\` says something only with \`commit: in-transaction\``
    place.get(key).keyErrorOrValue('TWICESHY_IMPOSSIBLE', message, 'leave it out, or commit in transactions')
  }
  return null
}

function checkInTransaction(place: Place, spec: ReaderSpec): void {
  const commit = place.get('commit')
  for (const key of ['commit-every', 'commit-call'])
    if (place.has(key)) {
      const message = `\`${key}\` says nothing here: one transaction is committed per poll`
      place.get(key).keyErrorOrValue('TWICESHY_IMPOSSIBLE', message, 'leave it out')
    }
  if (spec.handling.kind === 'hand-off') {
    const message = 'work that is handed off is not in the transaction of its poll'
    place.get('handling').error('TWICESHY_IMPOSSIBLE', message, 'write `handling: in-order`', commit)
  }
}

/** A transactional producer sends within transactions only. */
function checkNoTransactions(place: Place, config: ProducerConfig): void {
  if (config['transactional.id'] === '') return
  const message = `\`${place.name}\` has a \`transactional.id\` and sends outside of transactions; Kafka's client throws IllegalStateException`
  const help = 'write `commit: in-transaction`, or leave the id out'
  place.get('config').get('transactional.id').error('TWICESHY_CONFIG_REFUSED', message, help)
}

/** What it makes of a record: by the user's own code, or as `transform` says. */
function madeBy(place: Place, { options }: Context): Transform {
  const code = handlerAt(place, options)
  if (code === null) return transformAt(place.get('transform'))
  checkHandlerOfProcessor(place)
  return { kind: 'handler', code }
}

function transformAt(place: Place): Transform {
  const copy: Transform = { kind: 'copy' }
  if (!place.written || place.broken || place.text() === 'copy') return copy
  const [key, ...others] = place.entries()
  if (key?.name === 'fan-out' && others.length === 0 && key.written) {
    return { kind: 'fan-out', count: key.integer('`fan-out`', 1, MOST_OUTPUTS, 1) }
  }
  if ((key?.name === 'count-by-key' && others.length === 0) || place.text() === 'count-by-key') {
    return { kind: 'count-by-key' }
  }
  place.error(
    'TWICESHY_VALUE',
    `\`transform\` must be \`copy\`, \`{ fan-out: 3 }\` or \`{ count-by-key: {} }\`, not ${place.describe()}`,
  )
  return copy
}

/** What comes back to whom it came from is processed for ever, unless the user's own code on its way says when it is enough. */
function checkCycles(context: Context): void {
  const processors = [...context.applications.values()].filter(
    ({ kind, place }) => kind === 'processor' && !place.has('handler'),
  )
  for (const first of processors) {
    const reached = new Set(first.to)
    // Each pass reaches at least one more topic, or ends.
    for (let before = -1; before < reached.size;) {
      before = reached.size
      for (const next of processors)
        if (next.from.some((topic) => reached.has(topic))) for (const to of next.to) reached.add(to)
    }
    const back = first.from.find((topic) => reached.has(topic))
    if (back === undefined) continue
    const message = `what \`${first.name}\` writes comes back to it by \`${back}\`, so its work never ends`
    const help = 'write to a topic that nobody before it reads, or give it a `handler` that says when it is enough'
    first.place.get('to').error('TWICESHY_IMPOSSIBLE', message, help, first.place.get('from'))
  }
}
