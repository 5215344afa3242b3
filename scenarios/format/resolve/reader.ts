import type { Handling } from '../../../sim/application/applications.ts'
import { clientBase, type ClusterProfile } from '../../../sim/kafka/protocol/profile.ts'
import type { ConsumerConfig } from '../../../sim/kafka/protocol/config/consumer.ts'
import { constant } from '../../../sim/kernel/spread.ts'
import { MILLISECOND } from '../../../sim/kernel/time.ts'
import type { ReaderSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { spreadAt } from '../values/duration.ts'
import { commitEveryAt, type CommitWords, resolveCommit } from './commit.ts'
import { resolveConsumerConfig } from './consumer-config.ts'
import { ConsumerRules } from './consumer-rules.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { partitionNamed, type TopicPartitionName } from './partitions.ts'
import { resolveClientProfile } from './profile.ts'
import { resolveTimes } from './times.ts'
import { resolveTopicNames } from './topic-names.ts'

const MOST_WORKERS = 1000
const COMMIT_CALLS = ['sync', 'async'] as const

/** What the whole file says about every application. */
export interface FileFacts {
  readonly profile: ClusterProfile
  readonly runForUs: number
}

export interface ResolvedReader<T extends string> {
  readonly spec: ReaderSpec
  readonly commit: T | 'auto'
  readonly rules: ConsumerRules
}

/**
 * What consumers, processors and sinks have in common, after defaults.
 *
 * @param config where the consumer's settings stand
 */
export function resolveReader<T extends string>(
  facts: ApplicationFacts,
  config: Place,
  words: CommitWords<T>,
  context: Context,
  file: FileFacts,
): ResolvedReader<T> {
  const { place, kind, name } = facts
  place.expectMap(`${kind} \`${name}\``)
  const profile = resolveClientProfile(
    place.get('profile'),
    file.profile,
    kind === 'processor' ? ['publishing', 'reading'] : ['reading'],
  )
  const rules = new ConsumerRules(facts, config, resolveConsumerConfig(config, clientBase(profile)), context.cluster)
  rules.check(profile)
  const assign = assignAt(facts, context)
  const commit = resolveCommit(place, words, rules)
  const commitEvery = commitEveryAt(place.get('commit-every'))
  const commitCall = place.get('commit-call').word(COMMIT_CALLS, '`commit-call`') ?? 'sync'
  const handling = handlingAt(place.get('handling'))
  if (handling.kind === 'hand-off' && commitEvery === 'record') {
    const help = 'the thread that polls does not wait for the workers; write `commit-every: poll`'
    const message = '`commit-every: record` needs records to be finished in order, and `hand-off` gives them away'
    place.get('commit-every').error('TWICESHY_IMPOSSIBLE', message, help, place.get('handling'))
  }
  if (commit === 'auto' && !place.get('connect').written) checkAutoOnly(place)
  const spec = {
    name,
    from: fromAt(facts, context),
    instances: facts.instances,
    ...resolveTimes(place, kind, file.runForUs),
    process: spreadAt(place.get('process'), '`process`', constant(MILLISECOND)),
    commitEvery,
    commitCall,
    handling,
    assign,
    profile,
    config: rules.values as unknown as ConsumerConfig,
  }
  return { spec, commit, rules }
}

/** The topics of `from`, each once; those of `assign` where there is no `from`. */
function fromAt({ place, kind, name, subscribes, from }: ApplicationFacts, context: Context): readonly string[] {
  const written = place.get('from')
  if (written.tree !== null) return [...new Set(resolveTopicNames(written, context))]
  if (!subscribes) return from.filter((topic) => context.topics.has(topic))
  const message = `${kind} \`${name}\` does not say which topic it reads`
  place.keyErrorOrValue('TWICESHY_MISSING', message, 'add `from: <topic>`')
  return []
}

/** `assign:` as partitions; null without it. */
function assignAt({ place }: ApplicationFacts, context: Context): readonly TopicPartitionName[] | null {
  const assign = place.get('assign')
  if (!assign.written) return null
  if (!assign.expectList('`assign`')) return []
  if (assign.items().length === 0)
    assign.error('TWICESHY_MISSING', '`assign` names no partition', 'such as `[orders-0]`')
  const from = place
    .get('from')
    .oneOrMore()
    .flatMap((topic) => topic.text() ?? [])
  const seen = new Map<string, Place>()
  return assign.items().flatMap((item) => {
    const text = item.text()
    if (item.broken) return []
    if (text === null) {
      item.wrongType('a partition must be a name', 'such as `orders-0`')
      return []
    }
    const name = partitionNamed(item, text, '`assign`', (partition) => partition, context)
    if (name === null) return []
    const first = seen.get(text)
    if (first !== undefined) {
      item.error('TWICESHY_DUPLICATE_ID', `\`${text}\` stands twice in \`assign\``, 'keep one of the two', first)
      return []
    }
    seen.set(text, item)
    if (from.length > 0 && !from.includes(name.topic)) {
      const message = `\`${place.name}\` takes \`${text}\`, and does not read \`${name.topic}\``
      item.error('TWICESHY_IMPOSSIBLE', message, 'add its topic to `from`, or leave `from` out', place.get('from'))
    }
    return [name]
  })
}

function handlingAt(place: Place): Handling {
  if (!place.written || place.broken || place.text() === 'in-order') return { kind: 'in-order' }
  const workers = place.get('hand-off')
  if (place.tree?.kind === 'map' && workers.written) {
    return { kind: 'hand-off', workers: workers.integer('`hand-off`', 1, MOST_WORKERS, 1) }
  }
  const [key] = place.entries()
  if (key !== undefined) {
    const message = `unknown key \`${key.name}\` in \`handling\``
    key.keyErrorOrValue('TWICESHY_UNKNOWN_KEY', message, 'write `{ hand-off: 4 }`')
    return { kind: 'in-order' }
  }
  place.error('TWICESHY_VALUE', `\`handling\` must be \`in-order\` or \`{ hand-off: 4 }\`, not ${place.describe()}`)
  return { kind: 'in-order' }
}

/** The client commits by itself, at its own times: nothing else may be asked of it. */
function checkAutoOnly(place: Place): void {
  const every = place.get('commit-every')
  const scripted = place.get('steps').written
  const help = scripted
    ? 'a script says itself when it commits, by `- commit`'
    : 'write when it commits, such as `commit: after-processing`, or leave this out'
  const why = scripted
    ? 'beside `steps`'
    : 'with `commit: auto`: the client commits by itself, every `auto.commit.interval.ms`'
  if (every.written && !every.broken && every.text() !== 'poll') {
    every.keyError('TWICESHY_IMPOSSIBLE', `\`commit-every\` means nothing ${why}`, help)
  }
  const call = place.get('commit-call')
  if (!scripted && call.text() === 'async') {
    call.keyError('TWICESHY_IMPOSSIBLE', `\`commit-call\` means nothing ${why}`, help)
  }
}
