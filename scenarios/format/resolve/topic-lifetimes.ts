import type { FaultEntry } from '../../../sim/faults/plan.ts'
import type { TopicSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'

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
export function checkLifetimes(faults: Place): void {
  const last = new Map<string, Done>()
  for (const fault of faults.items()) {
    for (const operation of OPERATIONS) {
      const at = fault.get('admin').get(operation)
      for (const place of at.tree?.kind === 'list' ? at.items() : [at]) {
        const topic = place.text()
        if (topic === null || !place.written) continue
        const before = last.get(topic)
        if (before !== undefined) contradict(place, topic, operation, before)
        last.set(topic, { operation, place })
      }
    }
  }
}

function contradict(place: Place, topic: string, operation: Done['operation'], before: Done): void {
  const wasMade = before.operation === 'create-topic'
  if (operation === 'create-topic' && wasMade) {
    const message = `\`${topic}\` was made already: Kafka refuses that with TOPIC_ALREADY_EXISTS`
    place.error('TWICESHY_IMPOSSIBLE', message, 'remove one of the two', before.place)
  } else if (operation === 'delete-topic' && !wasMade) {
    const message = `\`${topic}\` was deleted already: Kafka refuses that with UNKNOWN_TOPIC_OR_PARTITION`
    place.error('TWICESHY_IMPOSSIBLE', message, 'remove one of the two', before.place)
  } else if (operation === 'create-topic') place.notSimulated(`making \`${topic}\` again under the same name`)
}

/** The topics, each told whether an operator makes it or deletes it. */
export function withLifetimes(topics: readonly TopicSpec[], faults: readonly FaultEntry[]): readonly TopicSpec[] {
  const operations = faults.flatMap(({ action }) =>
    action.kind === 'create-topic' || action.kind === 'delete-topic' ? [action] : [],
  )
  return topics.map((topic) => {
    const own = operations.filter((each) => each.topics.includes(topic.name))
    return {
      ...topic,
      ...(own[0]?.kind === 'create-topic' && { madeLater: true as const }),
      ...(own.some(({ kind }) => kind === 'delete-topic') && { mayGo: true as const }),
    }
  })
}
