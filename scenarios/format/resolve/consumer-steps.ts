import type { ConsumerStep } from '../../../sim/application/applications.ts'
import type { ReaderSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'
import { spreadAt } from '../values/duration.ts'
import type { Context } from './context.ts'
import { resolveMatch } from './moments.ts'
import { partitionNamed, type TopicPartitionName } from './partitions.ts'

const WORDS = ['poll', 'seek', 'commit', 'wait', 'close', 'pause', 'resume', 'wakeup'] as const
const HELP = 'such as `- { poll: 5 }`, `- { seek: { orders-0: 0 } }`, `- commit`, `- { wait: 5s }`'

type Read = Pick<ReaderSpec, 'from' | 'assign'>

/** `steps:` of a scripted consumer. */
export function resolveConsumerSteps(place: Place, read: Read, context: Context): readonly ConsumerStep[] {
  if (!place.expectList('`steps`')) return []
  const steps: ConsumerStep[] = []
  let closed: Place | null = null
  for (const item of place.items()) {
    if (item.broken) continue
    if (closed !== null) {
      item.error(
        'TWICESHY_IMPOSSIBLE',
        'nothing can be done with a consumer that is closed',
        'make it the last step',
        closed,
      )
      break
    }
    const done = stepAt(item, read, context)
    steps.push(...done)
    if (done.some((step) => step.do === 'close')) closed = item
  }
  if (place.items().length === 0) place.error('TWICESHY_MISSING', '`steps` has no step')
  return steps
}

/** What a step does: one `seek` of several partitions is several. None when it is not understood, which is reported. */
function stepAt(item: Place, read: Read, context: Context): readonly ConsumerStep[] {
  const text = item.text()
  if (text !== null) return wordStep(item, text)
  const [key, ...others] = item.entries()
  if (item.tree?.kind !== 'map' || key === undefined || others.length > 0) {
    item.error('TWICESHY_TYPE', `a step is one word or one key, not ${item.describe()}`, HELP)
    return []
  }
  if (!key.written) {
    if (wordStep(key, key.name).length === 0) return []
    item.error('TWICESHY_TYPE', `\`${key.name}\` stands alone in a step`, `write \`- ${key.name}\`, without the colon`)
    return []
  }
  switch (key.name) {
    case 'poll':
      return pollStep(key)
    case 'seek':
      return offsetsAt(key, read, context).map((to) => ({ do: 'seek', ...to }))
    case 'commit': {
      const offsets = offsetsAt(key, read, context)
      return offsets.length === 0 ? [] : [{ do: 'commit', offsets }]
    }
    case 'pause':
    case 'resume':
      return pauseStep(key, key.name, read, context)
    case 'wait':
      return waitStep(key, context)
    default:
      return wordStep(key, key.name)
  }
}

function wordStep(item: Place, text: string): readonly ConsumerStep[] {
  if (text === 'commit') return [{ do: 'commit', offsets: null }]
  if (text === 'close' || text === 'wakeup') return [{ do: text }]
  if (text === 'pause' || text === 'resume') return [{ do: text, partitions: null }]
  if (text === 'poll')
    item.keyErrorOrValue('TWICESHY_TYPE', '`poll` does not say how many records', 'write `- { poll: 5 }`')
  else if (text === 'seek')
    item.keyErrorOrValue('TWICESHY_TYPE', '`seek` does not say where to', 'write `- { seek: { orders-0: 0 } }`')
  else if (text === 'wait')
    item.keyErrorOrValue('TWICESHY_TYPE', '`wait` does not say how long', 'write `- { wait: 5s }`')
  else {
    const help = item.report.full ? null : (didYouMean(text, WORDS) ?? HELP)
    item.keyErrorOrValue('TWICESHY_VALUE', `there is no step \`${text.slice(0, 80)}\``, help)
  }
  return []
}

function pollStep(place: Place): readonly ConsumerStep[] {
  const records = place.integer('`poll`', 1, 10_000_000, null)
  return records === null ? [] : [{ do: 'poll', records }]
}

/** `{ pause: orders-0 }`, or a list. */
function pauseStep(place: Place, step: 'pause' | 'resume', read: Read, context: Context): readonly ConsumerStep[] {
  const partitions = place.oneOrMore().flatMap((item) => {
    const text = item.text()
    if (text === null) {
      if (!item.broken) item.wrongType('a partition must be a name', 'such as `orders-0`')
      return []
    }
    const name = partitionNamed(item, text, `\`${step}\``, (partition) => partition, context)
    return name === null || !isReadOr(item, step, text, name, read) ? [] : [name]
  })
  return partitions.length === 0 ? [] : [{ do: step, partitions }]
}

function waitStep(place: Place, context: Context): readonly ConsumerStep[] {
  if (place.tree?.kind === 'map' && place.get('moment').tree !== null) {
    const match = resolveMatch(place, context, [])
    return match === null ? [] : [{ do: 'wait-moment', match }]
  }
  const spread = spreadAt(place, '`wait`', null)
  return spread === null ? [] : [{ do: 'wait', for: spread }]
}

interface OffsetOf {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** `{ orders-0: 5 }`: offsets by partition, of what the application reads. */
function offsetsAt(place: Place, read: Read, context: Context): readonly OffsetOf[] {
  if (place.tree?.kind !== 'map' || place.entries().length === 0) {
    place.wrongType(
      `\`${place.name}\` must be a map from partitions to offsets`,
      `such as \`{ ${place.name}: { orders-0: 0 } }\``,
    )
    return []
  }
  return place.entries().flatMap((entry) => {
    const name = partitionNamed(entry.atKey(), entry.name, `\`${place.name}\``, (partition) => partition, context)
    const offset = entry.integer('an offset', 0, Number.MAX_SAFE_INTEGER, null)
    if (!entry.written) entry.keyError('TWICESHY_TYPE', `\`${entry.name}\` has no offset`, 'such as `{ orders-0: 0 }`')
    if (name === null || offset === null) return []
    return isReadOr(entry.atKey(), place.name, entry.name, name, read) ? [{ ...name, offset }] : []
  })
}

/** Whether the application reads a partition; reported when it does not. */
function isReadOr(at: Place, step: string, written: string, name: TopicPartitionName, read: Read): boolean {
  const { topic, partition } = name
  const isRead =
    read.assign === null
      ? read.from.includes(topic)
      : read.assign.some((each) => each.topic === topic && each.partition === partition)
  if (isRead) return true
  const message = `\`${step}\` of \`${written}\`, which this consumer does not read`
  at.error('TWICESHY_IMPOSSIBLE', message, read.assign === null ? 'add its topic to `from`' : 'add it to `assign`')
  return false
}
