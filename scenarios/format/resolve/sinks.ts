import type { Fence, SinkCommit, StoreWrite } from '../../../sim/application/applications.ts'
import type { SinkSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'
import type { CommitWords } from './commit.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { type FileFacts, resolveReader } from './reader.ts'

const COMMIT: CommitWords<Exclude<SinkCommit, 'auto'>> = {
  words: ['before-output', 'after-output', 'with-output'],
  later: ['two-phase'],
  hints: {
    'before-processing': 'what a sink does is its output: write `before-output`',
    'after-processing': 'what a sink does is its output: write `after-output`',
    'in-transaction': 'a store is outside of Kafka: write `with-output`',
  },
}
const WRITES: readonly StoreWrite[] = ['insert', 'upsert', 'increment']
const WRITES_LATER: readonly string[] = ['file', 'call']
const FENCES: readonly Fence[] = ['none', 'generation', 'offset']

/** `sinks:` after defaults. */
export function resolveSinks(context: Context, file: FileFacts): readonly SinkSpec[] {
  return [...context.applications.values()]
    .filter((facts) => facts.kind === 'sink')
    .map((facts) => resolveSink(facts, context, file))
}

function resolveSink(facts: ApplicationFacts, context: Context, file: FileFacts): SinkSpec {
  const { place } = facts
  const { spec, commit } = resolveReader(facts, place.get('config'), COMMIT, context, file)
  if (place.has('steps'))
    place.get('steps').notSimulated('a scripted sink', 'only consumers and producers have `steps`')
  const deduplicate = place.get('deduplicate')
  if (deduplicate.written && deduplicate.text() !== 'none') deduplicate.notSimulated('`deduplicate`')
  if (place.get('connect').boolean('`connect`', false)) place.get('connect').notSimulated('Kafka Connect')
  return { ...spec, into: intoAt(place, context), commit, write: writeAt(place.get('write')), fence: fenceAt(facts) }
}

function intoAt(place: Place, context: Context): string {
  const into = place.get('into')
  const name = into.text()
  if (name === null) {
    if (into.broken) return ''
    if (into.written) into.wrongType('`into` must be the name of a store')
    else {
      const message = `sink \`${place.name}\` does not say which store it writes into`
      place.keyErrorOrValue('TWICESHY_MISSING', message, 'add `into: <store>`, and the store under `stores:`')
    }
    return ''
  }
  if (!context.stores.has(name)) {
    const help = context.topics.has(name)
      ? `\`${name}\` is a topic: what writes to topics stands under \`processors:\``
      : context.stores.size === 0
        ? `declare it: \`stores: { ${name}: { kind: database } }\``
        : didYouMean(name, context.stores.keys())
    into.error('TWICESHY_UNKNOWN_STORE', `the store ${into.describe()} is not declared`, into.report.full ? null : help)
  }
  return name
}

function writeAt(place: Place): StoreWrite {
  const [key] = place.entries()
  const text = place.text() ?? key?.name ?? ''
  if (WRITES_LATER.includes(text)) {
    const help = 'into a database: insert, upsert or increment'
    place.error('TWICESHY_NOT_SIMULATED', `\`write: ${text}\` is not simulated yet`, help)
    return 'insert'
  }
  return place.word(WRITES, '`write`') ?? 'insert'
}

function fenceAt({ place, name, subscribes }: ApplicationFacts): Fence {
  const fence = place.get('fence').word(FENCES, '`fence`') ?? 'none'
  if (fence === 'generation' && !subscribes) {
    const message = `\`${name}\` takes its partitions by \`assign\`, so it has no generation to fence by`
    place
      .get('fence')
      .error('TWICESHY_IMPOSSIBLE', message, 'write `fence: offset`, or leave `assign` out', place.get('assign'))
  }
  return fence
}
