import type { Deduplication, Fence, Memory, StoreWrite } from '../../../sim/application/applications.ts'
import type { StoreSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { didYouMean, listOf } from '../suggest.ts'
import { durationAt } from '../values/duration.ts'
import type { ApplicationFacts } from './context.ts'

export type StoreKind = StoreSpec['kind']

/** How each kind of store is written; the first is the default. */
export const WRITES: Readonly<Record<StoreKind, readonly [StoreWrite, ...StoreWrite[]]>> = {
  database: ['insert', 'upsert', 'increment'],
  files: ['file'],
  endpoint: ['call'],
}
const ALL_WRITES: readonly StoreWrite[] = Object.values(WRITES).flat()
const FENCES: readonly Fence[] = ['none', 'generation', 'offset']
const MARKS = ['with-output', 'before-output', 'after-output'] as const

export interface ResolvedWrite {
  readonly write: StoreWrite
  readonly idempotencyKey: Memory | null
  readonly rename: boolean
}

/** `write:` after its default, which follows from the kind of the store. */
export function writeAt(place: Place, into: Place, kind: StoreKind): ResolvedWrite {
  const [key] = place.entries()
  const plain = { write: WRITES[kind][0], idempotencyKey: null, rename: true }
  if (!place.written || place.broken) return plain
  const text = place.tree?.kind === 'map' ? (key?.name ?? '') : place.text()
  const write = ALL_WRITES.find((word) => word === text)
  if (write === undefined) {
    const message = `\`write\` must be ${listOf(ALL_WRITES, 'or')}, not ${place.describe()}`
    place.error('TWICESHY_VALUE', message, text === null ? null : didYouMean(text, ALL_WRITES))
    return plain
  }
  if (!WRITES[kind].includes(write)) {
    const message = `\`write: ${write}\` means nothing to \`${into.text()}\`, which is ${WORDS[kind]}`
    place.error('TWICESHY_IMPOSSIBLE', message, `write ${listOf([...WRITES[kind]], 'or')}`, into)
    return plain
  }
  if (key === undefined) return { ...plain, write }
  if (write === 'call') return { ...plain, write, idempotencyKey: keyAt(key) }
  if (write === 'file') return { ...plain, write, rename: key.get('rename').boolean('`rename`', true) }
  place.error('TWICESHY_VALUE', `\`write: ${write}\` takes no settings`, `write \`write: ${write}\``)
  return plain
}

const WORDS: Readonly<Record<StoreKind, string>> = {
  database: 'a database',
  files: 'a store of files',
  endpoint: 'an endpoint',
}

function keyAt(place: Place): Memory | null {
  const key = place.get('idempotency-key')
  if (key.word(['none', 'record'], '`idempotency-key`') !== 'record') {
    const window = place.get('window')
    if (window.written) window.keyError('TWICESHY_IMPOSSIBLE', 'without an `idempotency-key` nothing is remembered')
    return null
  }
  return { windowUs: windowAt(place.get('window')) }
}

/** How long something is remembered; null = for good. */
function windowAt(place: Place): number | null {
  const us = durationAt(place, '`window`', null)
  if (us !== 0) return us
  const help = 'leave `window` out to remember for good'
  place.error('TWICESHY_RANGE', 'a `window` of no length remembers nothing', help)
  return null
}

/** `deduplicate:` after its default. */
export function deduplicateAt(place: Place, into: Place, kind: StoreKind): Deduplication | null {
  if (!place.written || place.broken || place.text() === 'none') return null
  if (place.tree?.kind !== 'map') {
    const message = `\`deduplicate\` must be \`none\` or \`{ window: 10m }\`, not ${place.describe()}`
    place.error('TWICESHY_VALUE', message)
    return null
  }
  if (kind !== 'database') {
    const message = `\`deduplicate\` keeps marks in a database, and \`${into.text()}\` is ${WORDS[kind]}`
    const help =
      kind === 'endpoint'
        ? 'an endpoint deduplicates itself: `write: { call: { idempotency-key: record, window: 24h } }`'
        : 'the names of files tell what is there already: `commit: with-output`'
    place.keyError('TWICESHY_IMPOSSIBLE', message, help)
    return null
  }
  return { windowUs: windowAt(place.get('window')), mark: markAt(place.get('separately')) }
}

/** Whether the mark is committed with the rows, or by itself after or before them. */
function markAt(place: Place): Deduplication['mark'] {
  if (!place.written || place.broken) return 'with-output'
  const value = place.tree?.kind === 'scalar' ? place.tree.value : null
  if (typeof value === 'boolean') return value ? 'after-output' : 'with-output'
  const mark = MARKS.find((word) => word !== 'with-output' && word === value)
  if (mark !== undefined) return mark
  const message = `\`separately\` must be true, false, \`before-output\` or \`after-output\`, not ${place.describe()}`
  place.error('TWICESHY_VALUE', message, '`true` marks after the output')
  return 'with-output'
}

/** `fence:` after its default. */
export function fenceAt({ place, name, subscribes }: ApplicationFacts, kind: StoreKind): Fence {
  const at = place.get('fence')
  const fence = at.word(FENCES, '`fence`') ?? 'none'
  if (fence !== 'none' && kind === 'endpoint') {
    const message = `an endpoint has no fence: it knows neither generations nor offsets`
    at.keyError('TWICESHY_IMPOSSIBLE', message, 'an `idempotency-key` makes calls harmless that are made again')
    return 'none'
  }
  if (fence === 'generation' && !subscribes) {
    const message = `\`${name}\` takes its partitions by \`assign\`, so it has no generation to fence by`
    at.error('TWICESHY_IMPOSSIBLE', message, 'write `fence: offset`, or leave `assign` out', place.get('assign'))
  }
  return fence
}
