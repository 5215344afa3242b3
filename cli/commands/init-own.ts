import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { parseLines } from 'dot-properties'
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
  /** The same of a consumer. */
  readonly consumer: string | null
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
  /** Files that it names and that are not there yet, by their paths. */
  readonly beside: readonly (readonly [path: string, text: string])[]
}

const CONSUMER_FILE = './consumer.properties'

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
  const settings = (file: string | null): OwnSettings | null => {
    if (file === null) return null
    const properties = resolve(cwd, file)
    return { name: basename(file), path: relativePath(dirname(path), properties), text: readText(properties, file) }
  }
  const consumer = settings(own.consumer)
  const grouped = consumer === null ? null : withGroup(consumer, CONSUMER_FILE)
  const beside = grouped === consumer || grouped === null ? [] : [[CONSUMER_FILE, grouped.text] as const]
  const text = scenarioText(topics, settings(own.producer), grouped)
  const ok = await checkText(
    shownPath(path, cwd),
    text,
    { ...globals, instead: 'nothing was written', beside: new Map(beside) },
    context,
  )
  return ok ? { path, text, beside: beside.map(([name, each]) => [join(dirname(path), name), each]) } : null
}

function relativePath(from: string, to: string): string {
  const path = relative(from, to).split(sep).join('/')
  return path.startsWith('.') || /^(?:\/|[A-Za-z]:)/.test(path) ? path : `./${path}`
}

/** A `.properties` file as the scenario names it, and what it says. */
interface OwnSettings {
  /** As people call it. */
  readonly name: string
  readonly path: string
  readonly text: string
}

function scenarioText(
  topics: readonly OwnTopic[],
  producing: OwnSettings | null,
  consuming: OwnSettings | null,
): string {
  const names = topics.map(({ name }) => quoted(name))
  const [first = 'orders'] = topics.map(({ name }) => name)
  const brokers = Math.max(3, ...topics.map((topic) => topic.replicationFactor ?? 0))
  const list = names.length === 1 ? (names[0] ?? '') : `[${names.join(', ')}]`
  const files = [producing, consuming].flatMap((each) => (each === null ? [] : [each.name]))
  const whose = files.length === 0 ? '' : ` with the settings of ${files.join(' and ')}`
  const nameOf = (usual: string, other: string): string => (topics.some(({ name }) => name === usual) ? other : usual)
  const reading = consuming === null ? null : consumerText(consuming, nameOf('consumer', 'subscriber'), list)
  const about =
    reading === null
      ? `  A leader crashes while records are being sent, at another time in every run: whatever was acknowledged must be there
  afterwards, and once only.`
      : `  A leader and a consumer crash while records are on their way, at another time in every run: whatever was
  acknowledged must be processed in the end, and once only.`
  return `# yaml-language-server: $schema=./twiceshy.schema.json
scenario: ${quoted(`${first} ${reading === null ? 'keeps what was acknowledged' : 'from end to end'}${whose}`)}
about: >-
${about}
seed: 1

cluster: { brokers: ${brokers} }
network: { latency: { uniform: [1ms, 10ms] } }
topics:
${topics.map((topic) => `  ${quoted(topic.name)}: ${topicText(topic)}\n`).join('')}
producers:
  ${nameOf('producer', 'publisher')}:
    to: ${list}
    send: { records: 500, every: ${reading === null ? '2ms' : '20ms'}, keys: 16 }
    config: ${producing === null ? '{ acks: all, enable.idempotence: true }' : quoted(producing.path)}
${reading?.text ?? ''}
# Instead of faults: \`chaos: { budget: within-promise }\` draws crashes, pauses, partitions and more in every run;
# \`twiceshy fuzz\` does so by itself.
faults:
  - between: [100ms, ${reading === null ? '900ms' : '9s'}]
    crash: ${quoted(`leader(${first}-0)`)}
    for: { uniform: [5s, 30s] }
${reading?.fault ?? ''}
run: { runs: 100 }
# Everything that could be promised is listed as \`holds\`: what is violated is what these settings do not promise.
expect:
  durability: holds
  publish/exactly-once: holds
${reading === null ? '' : '  end-to-end/at-least-once: holds\n  end-to-end/at-most-once: holds\n'}`
}

/** The consumer's part of the scenario: the application, and what befalls it. */
function consumerText(
  { path, text }: OwnSettings,
  name: string,
  from: string,
): { readonly text: string; readonly fault: string } {
  // A consumer that does not commit by itself commits in its own code: after the work, as is usual.
  const manual = settingOf(text, 'enable.auto.commit')?.trim().toLowerCase() === 'false'
  return {
    text: `consumers:
  ${name}:
    from: ${from}
    instances: 2
    process: 5ms
${manual ? '    commit: after-processing            # your code decides: or before-processing\n' : ''}    config: ${quoted(path)}
`,
    fault: `  - between: [4s, 12s]                  # a new group hands nothing out before its members have joined
    crash: ${name}#0
    for: { uniform: [1s, 20s] }
`,
  }
}

/** The same settings in a group: a copy in a file of its own when they name none, because without one nothing is read. */
function withGroup(settings: OwnSettings, copy: string): OwnSettings {
  const { name, text } = settings
  if ((settingOf(text, 'group.id') ?? '').trim() !== '') return settings
  // A last line that ends with a backslash goes on in the empty one.
  const added = `\n\n# Added by twiceshy init: ${name} has no group.id, and Kafka refuses a subscription without one.\ngroup.id=my-group\n`
  return { name, path: copy, text: text + added }
}

/** What a `.properties` file says about a setting, as far as `init` must know; what is wrong with it is the loader's to tell. */
function settingOf(text: string, key: string): string | null {
  const pairs = parseLines(text).filter((line): line is [string, string] => Array.isArray(line) && line[0] === key)
  return pairs.at(-1)?.[1] ?? null
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
