import type { CodeOutput, CodeRecord, CodeTarget } from '../../sim/host.ts'

/** More comes of one record only by mistake. */
const MOST_OUTPUTS = 1000
/** Kafka's largest record batch by default, and so the largest record. */
const LARGEST = 1024 * 1024
const KEYS: readonly string[] = ['key', 'value', 'size', 'topic']
const NO_TOPICS: readonly string[] = []

/** What is wrong with what a handler gave, in words that go on from `returned `. */
export interface Nonsense {
  readonly nonsense: string
}

/** What a handler gave, as outputs to its target: nothing, one, or a list. */
export function outputsOf(result: unknown, record: CodeRecord, target: CodeTarget): readonly CodeOutput[] | Nonsense {
  if (result === undefined || result === null) return []
  const list: readonly unknown[] = Array.isArray(result) ? result : [result]
  if (target.kind === 'nowhere' && list.length > 0)
    return { nonsense: `${wordsFor(result)}, and what a consumer's handler returns goes nowhere` }
  if (target.kind === 'store' && list.length > 1)
    return { nonsense: `${list.length} effects of one record; a sink writes each record once, or not at all` }
  if (list.length > MOST_OUTPUTS)
    return { nonsense: `${list.length} outputs for one record; at most ${MOST_OUTPUTS} are taken` }
  const topics = target.kind === 'topics' ? target.names : NO_TOPICS
  const outputs: CodeOutput[] = []
  for (const one of list) {
    const output = target.kind === 'store' ? effectOf(one, record) : outputOf(one, record, topics)
    if ('nonsense' in output) return output
    outputs.push(output)
  }
  return outputs
}

function outputOf(one: unknown, record: CodeRecord, topics: readonly string[]): CodeOutput | Nonsense {
  if (typeof one !== 'object' || one === null || Array.isArray(one)) return { nonsense: wordsFor(one) }
  const odd = Object.keys(one).find((key) => !KEYS.includes(key))
  if (odd !== undefined)
    return { nonsense: `an output with \`${odd}\`; it has \`topic\`, \`key\`, \`value\` and \`size\` only` }
  const {
    key = record.key,
    value = record.value,
    size,
    topic: to = topics[0],
  } = one as {
    readonly key?: unknown
    readonly value?: unknown
    readonly size?: unknown
    readonly topic?: unknown
  }
  if (!isText(key)) return { nonsense: `an output whose \`key\` is ${wordsFor(key)}; it is a text or null` }
  if (!isText(value)) return { nonsense: `an output whose \`value\` is ${wordsFor(value)}; it is a text or null` }
  const topic = topics.findIndex((name) => name === to)
  if (topic < 0) return { nonsense: `an output to ${wordsFor(to)}; \`to\` has ${topics.join(', ')}` }
  if (size === undefined) return { key, value, size: record.size, topic }
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > LARGEST)
    return { nonsense: `an output whose \`size\` is ${wordsFor(size)}; it is a whole number up to ${LARGEST}` }
  return { key, value, size, topic }
}

function effectOf(one: unknown, record: CodeRecord): CodeOutput | Nonsense {
  if (typeof one !== 'object' || one === null || Array.isArray(one)) return { nonsense: wordsFor(one) }
  const odd = Object.keys(one).find((key) => key !== 'key' && key !== 'value')
  if (odd !== undefined) return { nonsense: `an effect with \`${odd}\`; it has \`key\` and \`value\` only` }
  const { key = record.key, value = record.value } = one as { readonly key?: unknown; readonly value?: unknown }
  if (!isText(key)) return { nonsense: `an effect whose \`key\` is ${wordsFor(key)}; it is a text or null` }
  if (!isText(value)) return { nonsense: `an effect whose \`value\` is ${wordsFor(value)}; it is a text or null` }
  return { key, value, size: record.size, topic: 0 }
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function wordsFor(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return value === undefined ? 'undefined' : `a ${typeof value}`
}
