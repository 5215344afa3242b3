import type { ConnectSink, SinkCommit } from '../../../sim/application/applications.ts'
import { CONNECT_WORKER_CONFIG } from '../../../sim/kafka/protocol/config/connect.ts'
import type { Place } from '../place.ts'
import { type ConfigKind, defaultsOf, isSetting, resolveConfig } from './config.ts'
import type { ResolvedReader } from './reader.ts'

/** What a worker of Kafka Connect can be configured with. */
const WORKER: ConfigKind = { what: 'Connect worker', table: CONNECT_WORKER_CONFIG, notSimulated: [] }

/** `connect:` of a sink, with its worker's settings; null without it. */
export function connectAt(sink: Place): ConnectSink | null {
  const place = sink.get('connect')
  if (!place.written || place.broken) return null
  if (place.tree?.kind !== 'map' && !place.boolean('`connect`', false)) return null
  const flush = place.tree?.kind === 'map' ? place.get('flush').word(['put', 'pre-commit'], '`flush`') : null
  const settings = sink.get('config').filtered((entry) => isSetting(WORKER, entry.name))
  const { values } = resolveConfig(settings, WORKER, defaultsOf(CONNECT_WORKER_CONFIG))
  checkOwn(sink)
  return { flushIntervalMs: Number(values['offset.flush.interval.ms']), flush: flush ?? 'put' }
}

/** What is left for the task's consumer; that it does not commit by itself goes without saying. */
export function consumersOf(config: Place): Place {
  return config.filtered((entry) => !isSetting(WORKER, entry.name) && !isAutoCommitOff(entry))
}

function isAutoCommitOff({ name, tree }: Place): boolean {
  return name === 'enable.auto.commit' && tree?.kind === 'scalar' && tree.value === false
}

/** The worker decides when to commit and how. */
function checkOwn(sink: Place): void {
  for (const key of ['commit-every', 'commit-call', 'handling']) {
    const place = sink.get(key)
    if (!place.written || place.broken) continue
    const message = `\`${key}\` means nothing with \`connect\`: the worker polls, puts and commits by its own rules`
    place.keyError('TWICESHY_IMPOSSIBLE', message, 'leave it out; `offset.flush.interval.ms` says how often it commits')
  }
}

/** A worker commits what its task has put, unless the task takes its positions from the store. */
export function commitOfConnect(sink: Place, { commit, rules }: ResolvedReader<SinkCommit>): SinkCommit {
  // As `Worker.baseConsumerConfigs` has them.
  if (rules.written('enable.auto.commit') === undefined) rules.values['enable.auto.commit'] = false
  if (rules.written('auto.offset.reset') === undefined) rules.values['auto.offset.reset'] = 'earliest'
  const place = sink.get('commit')
  if (commit === 'after-output' || commit === 'with-output') return commit
  if (place.written && !place.broken) {
    const message = `Kafka Connect commits what a task has put, not \`${commit}\``
    const help = 'leave `commit` out, or write `commit: with-output` for a task that takes its positions from the store'
    place.error('TWICESHY_IMPOSSIBLE', message, help, sink.get('connect'))
  }
  return 'after-output'
}
