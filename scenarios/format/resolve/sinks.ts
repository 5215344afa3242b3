import type { SinkCommit } from '../../../sim/application/applications.ts'
import type { SinkSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import type { CommitWords } from './commit.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { checkHandlerOfSink, handlerAt } from './handler.ts'
import { type FileFacts, resolveReader } from './reader.ts'
import { commitOfConnect, connectAt, consumersOf } from './connect.ts'
import { deduplicateAt, fenceAt, type StoreKind, writeAt } from './sink-write.ts'
import { twoPhaseAt } from './two-phase.ts'
import { storeAt } from './store-names.ts'

const COMMIT: CommitWords<Exclude<SinkCommit, 'auto'>> = {
  words: ['before-output', 'after-output', 'with-output', 'two-phase'],
  later: [],
  hints: {
    'before-processing': 'what a sink does is its output: write `before-output`',
    'after-processing': 'what a sink does is its output: write `after-output`',
    'in-transaction': 'a store is outside of Kafka: write `with-output`',
  },
}

/** `sinks:` after defaults. */
export function resolveSinks(context: Context, file: FileFacts): readonly SinkSpec[] {
  return [...context.applications.values()]
    .filter((facts) => facts.kind === 'sink')
    .map((facts) => resolveSink(facts, context, file))
}

function resolveSink(facts: ApplicationFacts, context: Context, file: FileFacts): SinkSpec {
  const { place } = facts
  const config = place.get('config')
  const connect = connectAt(place)
  const resolved = resolveReader(facts, connect === null ? config : consumersOf(config), COMMIT, context, file)
  const { spec } = resolved
  const commit = connect === null ? resolved.commit : commitOfConnect(place, resolved)
  if (place.has('steps'))
    place.get('steps').notSimulated('a scripted sink', 'only consumers and producers have `steps`')
  const who = `sink \`${place.name}\``
  const into = storeAt('into', { place, who, does: 'writes into', example: '{ kind: database }' }, context)
  const at = place.get('into')
  const kind = storeKind(context.stores.get(into)?.place.get('kind'))
  checkUnits(facts, commit, spec.handling.kind === 'hand-off', kind)
  const handler = handlerAt(place, context.options)
  if (handler !== null) checkHandlerOfSink(place, kind, commit)
  const twoPhase = commit === 'two-phase' ? { twoPhase: twoPhaseAt(facts, kind) } : {}
  return {
    ...spec,
    into,
    commit,
    ...twoPhase,
    ...writeAt(place.get('write'), at, kind),
    fence: fenceAt(facts, kind),
    deduplicate: deduplicateAt(place.get('deduplicate'), at, kind),
    connect,
    ...(handler === null ? {} : { handler }),
  }
}

/** What is not understood is reported where the store stands. */
function storeKind(place: Place | undefined): StoreKind {
  const text = place?.text()
  return text === 'files' || text === 'endpoint' ? text : 'database'
}

/** Positions need something that keeps them, files a unit of records that follow each other. */
function checkUnits({ place, name }: ApplicationFacts, commit: string, handsOff: boolean, kind: StoreKind): void {
  if (commit === 'with-output' && kind === 'endpoint') {
    const message = `\`commit: with-output\` needs a store that keeps positions, and \`${place.get('into').text()}\` is an endpoint`
    const help = 'write `commit: after-output` with an `idempotency-key`, or write into a database'
    place.get('commit').error('TWICESHY_IMPOSSIBLE', message, help, place.get('into'))
  }
  if (kind === 'files' && place.get('fence').text() === 'offset' && commit !== 'with-output') {
    const message = `\`fence: offset\` refuses files that overlap, and \`${name}\` begins them where its group stands: it may be refused for good`
    const help = 'write `commit: with-output`: then it goes on where the names end'
    place.get('fence').warning('TWICESHY_CONFIG_SURPRISE', message, help, place.get('commit'))
  }
  if (handsOff && kind === 'files') {
    const message = `\`${name}\` hands its records off, and a file holds records that follow each other`
    place.get('handling').error('TWICESHY_IMPOSSIBLE', message, 'leave `handling` out', place.get('into'))
  }
}
