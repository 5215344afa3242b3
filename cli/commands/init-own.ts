import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { Context, GlobalFlags } from '../context.ts'
import { shownPath } from '../files/collect.ts'
import { readText } from '../files/read.ts'
import { checkText } from '../load.ts'
import { UsageError } from '../usage-error.ts'

/** A topic as `--topic` has it; what is not written is Kafka's default. */
export interface OwnTopic {
  readonly name: string
  readonly partitions: number | null
  readonly replicationFactor: number | null
  readonly minInsyncReplicas: number | null
}

/** What `init` is told about somebody's own pipeline. */
export interface Own {
  /** Path of a producer's `.properties` file. */
  readonly producer: string | null
  readonly topics: readonly OwnTopic[]
}

const MOST_REPLICAS = 60
const MOST_PARTITIONS = 10_000
const SHAPE = 'write topic:partitions:replication.factor:min.insync.replicas, such as orders:6:3:2'

/** `--topic orders:6:3:2`; from behind, numbers may be left out. */
export function parseTopic(text: string): OwnTopic {
  const [name = '', ...numbers] = text.split(':')
  if (name === '' || numbers.length > 3) throw new UsageError(`--topic ${text}: that is no topic`, SHAPE)
  const [partitions = null, replicationFactor = null, minInsyncReplicas = null] = numbers.map((number, i) =>
    wholeNumber(text, number, i === 0 ? MOST_PARTITIONS : MOST_REPLICAS),
  )
  const replicas = replicationFactor ?? 3
  if (minInsyncReplicas !== null && minInsyncReplicas > replicas) {
    const message = `--topic ${text}: min.insync.replicas ${minInsyncReplicas} can never be met by ${replicas} replicas`
    throw new UsageError(message, SHAPE)
  }
  return { name, partitions, replicationFactor, minInsyncReplicas }
}

function wholeNumber(topic: string, text: string, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (value < 1 || value > most) {
    throw new UsageError(`--topic ${topic}: ${JSON.stringify(text)} is no whole number from 1 to ${most}`, SHAPE)
  }
  return value
}

/** The scenario's path below its folder and its text. */
export interface OwnScenario {
  readonly path: string
  readonly text: string
}

/**
 * A scenario around somebody's own settings. What is wrong with them is told; null then, because nothing could be run.
 *
 * @throws {@link UsageError} when the settings cannot be read
 */
export async function ownScenario(
  own: Own,
  target: string,
  globals: GlobalFlags,
  context: Context,
): Promise<OwnScenario | null> {
  const topics: readonly OwnTopic[] =
    own.topics.length > 0
      ? own.topics
      : [{ name: 'orders', partitions: null, replicationFactor: null, minInsyncReplicas: null }]
  const twice = topics.find(({ name }, i) => topics.findIndex((other) => other.name === name) !== i)
  if (twice !== undefined) throw new UsageError(`--topic names ${twice.name} twice`, 'keep one of the two')
  const path = join(target, 'scenarios', `${topics[0]?.name ?? 'orders'}.yaml`)
  const { cwd } = context.console
  const properties = own.producer === null ? null : resolve(cwd, own.producer)
  if (properties !== null) readText(properties, own.producer ?? '')
  const text = scenarioText(topics, properties === null ? null : relativePath(dirname(path), properties))
  const ok = await checkText(shownPath(path, cwd), text, { ...globals, instead: 'nothing was written' }, context)
  return ok ? { path, text } : null
}

function relativePath(from: string, to: string): string {
  const path = relative(from, to).split(sep).join('/')
  return path.startsWith('.') || /^(?:\/|[A-Za-z]:)/.test(path) ? path : `./${path}`
}

function scenarioText(topics: readonly OwnTopic[], config: string | null): string {
  const names = topics.map(({ name }) => quoted(name))
  const [first = 'orders'] = topics.map(({ name }) => name)
  const brokers = Math.max(3, ...topics.map((topic) => topic.replicationFactor ?? 0))
  const to = names.length === 1 ? names[0] : `[${names.join(', ')}]`
  const producer = topics.some(({ name }) => name === 'producer') ? 'publisher' : 'producer'
  const whose = config === null ? '' : ` with the settings of ${basename(config)}`
  return `# yaml-language-server: $schema=./twiceshy.schema.json
scenario: ${quoted(`${first} keeps what was acknowledged${whose}`)}
about: >-
  A leader crashes while records are being sent, at another time in every run: whatever was acknowledged must be there
  afterwards, and once only.
seed: 1

cluster: { brokers: ${brokers} }
network: { latency: { uniform: [1ms, 10ms] } }
topics:
${topics.map((topic) => `  ${quoted(topic.name)}: ${topicText(topic)}\n`).join('')}
producers:
  ${producer}:
    to: ${to}
    send: { records: 500, every: 2ms, keys: 16 }
    config: ${config === null ? '{ acks: all, enable.idempotence: true }' : quoted(config)}

# Instead of faults: \`chaos: { budget: within-promise }\` draws crashes, pauses, partitions and more in every run.
faults:
  - between: [100ms, 900ms]
    crash: ${quoted(`leader(${first}-0)`)}
    for: { uniform: [5s, 30s] }

run: { runs: 100 }
expect:
  durability: holds
  publish/exactly-once: holds
`
}

function topicText(topic: OwnTopic): string {
  const settings: readonly (readonly [string, number | null])[] = [
    ['partitions', topic.partitions],
    ['replication.factor', topic.replicationFactor],
    ['min.insync.replicas', topic.minInsyncReplicas],
  ]
  const written = settings.flatMap(([key, value]) => (value === null ? [] : [`${key}: ${value}`]))
  return written.length === 0 ? '{}' : `{ ${written.join(', ')} }`
}

/** A text that YAML reads as that text. */
function quoted(text: string): string {
  return /^[A-Za-z./][\w./() -]*$/.test(text) && !/^(?:true|false|null)$/i.test(text) ? text : JSON.stringify(text)
}
