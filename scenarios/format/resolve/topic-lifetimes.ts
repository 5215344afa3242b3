import type { FaultEntry } from '../../../sim/faults/plan.ts'
import type { TopicSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import type { Context } from './context.ts'

/** Operations that begin and end the life of a topic. */
const OPERATIONS = ['create-topic', 'delete-topic'] as const

interface Done {
  readonly operation: (typeof OPERATIONS)[number]
  readonly place: Place
}

/**
 * Operators make and delete topics in the order of the file: one that is first of all made is not there before, one that is
 * first of all deleted is. Whatever contradicts that is reported.
 */
export function checkLifetimes(faults: Place, context: Context): void {
  const last = new Map<string, Done>()
  for (const fault of faults.items()) {
    for (const operation of OPERATIONS) {
      const at = fault.get('admin').get(operation)
      for (const place of at.tree?.kind === 'list' ? at.items() : [at]) {
        const topic = place.text()
        if (topic === null || !place.written) continue
        const before = last.get(topic)
        if (before !== undefined) contradict(place, topic, operation, before, context)
        last.set(topic, { operation, place })
      }
    }
  }
}

function contradict(place: Place, topic: string, operation: Done['operation'], before: Done, context: Context): void {
  const wasMade = before.operation === 'create-topic'
  if (operation === 'create-topic' && wasMade) {
    const message = `\`${topic}\` was made already: Kafka refuses that with TOPIC_ALREADY_EXISTS`
    place.error('TWICESHY_IMPOSSIBLE', message, 'remove one of the two', before.place)
  } else if (operation === 'delete-topic' && !wasMade) {
    const message = `\`${topic}\` was deleted already: Kafka refuses that with UNKNOWN_TOPIC_OR_PARTITION`
    place.error('TWICESHY_IMPOSSIBLE', message, 'remove one of the two', before.place)
  } else if (operation === 'create-topic') checkUsers(place, topic, context)
}

/** Who goes by offsets of the topic that was, or has it in a transaction. */
function checkUsers(place: Place, topic: string, context: Context): void {
  for (const application of context.applications.values()) {
    const { name, kind, from, to } = application
    const producer = application.place
    const isTransactional = producer.has('transactions') || producer.get('config').has('transactional.id')
    const isPlain = kind === 'producer' && !isTransactional
    const uses = from.includes(topic)
      ? 'reads'
      : to.includes(topic) && !isPlain
        ? 'writes otherwise than plainly'
        : null
    if (uses === null) continue
    place.notSimulated(`making \`${topic}\` again under the same name, which \`${name}\` ${uses},`)
    return
  }
}

/**
 * The topics, each told whether an operator makes it or deletes it. What is made again under its name is another topic: it comes
 * once more, behind all others.
 */
export function withLifetimes(topics: readonly TopicSpec[], faults: readonly FaultEntry[]): readonly TopicSpec[] {
  const operations = faults.flatMap(({ action }) =>
    action.kind === 'create-topic' || action.kind === 'delete-topic' ? [action] : [],
  )
  const lives = topics.map((topic) => {
    const own = operations.filter((each) => each.topics.includes(topic.name)).map(({ kind }) => kind)
    return livesOf(topic, own)
  })
  return [...lives.map(([first]) => first as TopicSpec), ...lives.flatMap(([, ...again]) => again)]
}

function livesOf(topic: TopicSpec, operations: readonly Done['operation'][]): readonly TopicSpec[] {
  const lives: TopicSpec[] = operations[0] === 'create-topic' ? [] : [topic]
  for (const operation of operations) {
    if (operation === 'create-topic') lives.push({ ...topic, madeLater: true })
    else lives.push({ ...(lives.pop() ?? topic), mayGo: true })
  }
  return lives
}
