import type { OnUnknownCommit, ProducerStep } from '../../../sim/application/workload.ts'
import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'
import { parseDuration, spreadAt } from '../values/duration.ts'
import type { Context } from './context.ts'
import { checkTopic, resolveMatch } from './moments.ts'

const ON_UNKNOWN_COMMIT: readonly OnUnknownCommit[] = ['give-up', 'retry', 'abort']
const WORDS = ['begin', 'commit', 'abort', 'flush', 'restart', 'close', 'send', 'wait'] as const

/** The ids under which a script's records go: as written, else the number of the send, from 0. */
export function scriptIds(steps: Place): ReadonlySet<string> {
  return new Set(sends(steps).map((send, index) => send.get('id').text() ?? String(index)))
}

function sends(steps: Place): readonly Place[] {
  return steps
    .items()
    .filter((step) => step.has('send'))
    .map((step) => step.get('send'))
}

/** `steps:` of a scripted producer. */
export function resolveSteps(place: Place, to: readonly string[], context: Context): readonly ProducerStep[] {
  if (!place.expectList('`steps`')) return []
  const steps: ProducerStep[] = []
  const ids = new Map<string, Place>()
  let sent = 0
  for (const item of place.items()) {
    if (item.broken) continue
    const send = item.get('send')
    const step = send.written ? sendStep(send, sent++, to, context) : otherStep(item, context)
    if (step === null) continue
    if (step.do === 'send') checkId(send, step.id, ids)
    steps.push(step)
  }
  if (steps.length === 0 && place.items().length === 0) place.error('TWICESHY_MISSING', '`steps` has no step')
  return steps
}

function checkId(send: Place, id: string, ids: Map<string, Place>): void {
  const place = send.has('id') ? send.get('id') : send
  const first = ids.get(id)
  if (first === undefined) ids.set(id, place)
  else
    place.error(
      'TWICESHY_DUPLICATE_ID',
      `the id \`${id}\` is used twice in one script`,
      'every record needs its own id',
      first,
    )
}

function sendStep(place: Place, index: number, producerTo: readonly string[], context: Context): ProducerStep | null {
  if (!place.expectMap('`send`')) return null
  const toPlace = place.get('to')
  const own = toPlace.text()
  const to = own ?? (producerTo.length === 1 ? (producerTo[0] ?? null) : null)
  if (to === null && !toPlace.broken) {
    const help = producerTo.length > 1 ? 'the producer has several topics: add `to: <topic>` here' : 'add `to: <topic>`'
    place.error('TWICESHY_MISSING', 'this `send` does not say which topic it writes to', help)
  }
  if (own !== null && !checkTopic(toPlace, context)) return null
  const id = place.get('id').text() ?? String(index)
  return to === null
    ? null
    : {
        do: 'send',
        id,
        to,
        partition: partitionAt(place.get('partition'), to, context),
        key: place.get('key').text(),
        // `value: null` is a tombstone; a record whose value is not written carries its id.
        value: place.get('value').tree === null ? id : place.get('value').text(),
        timestampUs: timestampAt(place.get('timestamp')),
      }
}

function partitionAt(place: Place, topic: string, context: Context): number | null {
  const partition = place.integer('`partition`', 0, 1_000_000, null)
  const partitions = context.topics.get(topic)?.partitions
  if (partition === null || partitions === undefined || partition < partitions) return partition
  const message = `\`${topic}\` has no partition ${partition}`
  place.error('TWICESHY_UNKNOWN_PARTITION', message, `partitions are numbered from 0 to ${partitions - 1}`)
  return null
}

/** `+1d`, `-5s`: relative to the moment of sending. */
function timestampAt(place: Place): number | null {
  if (!place.written || place.broken) return null
  const match = /^([+-])(.+)$/.exec(place.text() ?? '')
  const us = match === null ? null : parseDuration(match[2] ?? '')
  if (us !== null && !Number.isNaN(us)) return match?.[1] === '-' && us > 0 ? -us : us
  place.error('TWICESHY_TYPE', `\`timestamp\` must be relative to now, not ${place.describe()}`, 'write `+1d` or `-5s`')
  return null
}

function otherStep(item: Place, context: Context): ProducerStep | null {
  const text = item.text()
  if (text !== null) return wordStep(item, text)
  const keys = item.entries()
  if (item.tree?.kind !== 'map' || keys.length !== 1) {
    item.error(
      'TWICESHY_TYPE',
      `a step is one word or one key, not ${item.describe()}`,
      'such as `- send: { to: orders }`, `- wait: 5s`, `- flush`',
    )
    return null
  }
  if (item.has('wait')) return waitStep(item.get('wait'), context)
  if (item.has('commit')) return commitStep(item.get('commit'))
  if (keys[0]?.written === false && wordStep(keys[0], keys[0].name) !== null) {
    item.error(
      'TWICESHY_TYPE',
      `\`${keys[0].name}\` stands alone in a step`,
      `write \`- ${keys[0].name}\`, without the colon`,
    )
  }
  return null
}

function wordStep(item: Place, text: string): ProducerStep | null {
  switch (text) {
    case 'flush':
    case 'restart':
    case 'close':
      return { do: text }
    case 'begin':
    case 'abort':
      return { do: text }
    case 'commit':
      return { do: 'commit', onUnknown: 'give-up' }
    default:
      item.error(
        'TWICESHY_VALUE',
        `there is no step \`${text.slice(0, 80)}\``,
        item.report.full ? null : didYouMean(text, WORDS),
      )
      return null
  }
}

/** `{ commit: { on-unknown: retry } }` */
function commitStep(place: Place): ProducerStep | null {
  if (!place.expectMap('`commit`')) return null
  return { do: 'commit', onUnknown: place.get('on-unknown').word(ON_UNKNOWN_COMMIT, '`on-unknown`') ?? 'give-up' }
}

function waitStep(place: Place, context: Context): ProducerStep | null {
  if (place.tree?.kind === 'map' && place.get('moment').tree !== null) {
    const match = resolveMatch(place, context, [])
    return match === null ? null : { do: 'wait-moment', match }
  }
  const spread = spreadAt(place, '`wait`', null)
  return spread === null ? null : { do: 'wait', for: spread }
}
