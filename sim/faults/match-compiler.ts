import { matchableFields, type MomentDefinition, type MomentField, momentNamed } from '../history/catalogue.ts'
import { maskHigh, maskLow, REPLY_FLAG } from '../history/ids.ts'
import type { MomentMatch } from '../history/match.ts'
import { apiNamed } from '../kafka/protocol/api.ts'
import { type ErrorName, Errors } from '../kafka/protocol/errors.ts'
import type { WorldNames } from './world-names.ts'

const LEAST = -2_147_483_648
const MOST = 2_147_483_647

/** Slot of the node at which a moment happens; slots 0..7 are its integers. */
export const NODE_SLOT = 8

/** One integer of a moment must lie, masked, in a range. */
export class Condition {
  readonly slot: number
  readonly mask: number
  readonly least: number
  readonly most: number
  /** A record instead: the integer must be a batch that holds it; -1 = the range counts. */
  readonly record: number

  constructor(slot: number, mask: number, least: number, most: number, record = -1) {
    this.slot = slot
    this.mask = mask
    this.least = least
    this.most = most
    this.record = record
  }
}

/** A match in integers. */
export interface CompiledMatch {
  readonly kind: number
  readonly conditions: readonly Condition[]
}

/** What is wrong with a match, in the words of the file. */
export interface MatchProblem {
  /** The field it is about; null = the moment's name. */
  readonly field: string | null
  readonly problem: string
}

/** Gives texts their numbers in the trace; a `Recorder` does. */
export interface TextNumbers {
  text(text: string): number
}

type Value = string | number | boolean

/** Turns a match into integer comparisons, or tells everything that is wrong with it. Fields are matched all together. */
export function compileMatch(
  match: MomentMatch,
  names: WorldNames,
  texts: TextNumbers,
): CompiledMatch | readonly MatchProblem[] {
  const moment = momentNamed(match.moment)
  if (moment === undefined) return [{ field: null, problem: `there is no moment "${match.moment}"` }]
  const conditions: Condition[] = []
  const problems: MatchProblem[] = []
  for (const [field, value] of Object.entries(match.fields)) {
    const compiled = compileField(moment, field, value, names, texts)
    if (typeof compiled === 'string') problems.push({ field, problem: compiled })
    else conditions.push(...compiled)
  }
  return problems.length > 0 ? problems : { kind: moment.kind, conditions }
}

/** Whether {@link compileMatch} succeeded. */
export function isCompiled(result: CompiledMatch | readonly MatchProblem[]): result is CompiledMatch {
  return !Array.isArray(result)
}

/** Everything that is wrong with a match in this world: unknown moment, field, topic, node, record, error ... */
export function problemsOfMatch(match: MomentMatch, names: WorldNames): readonly MatchProblem[] {
  const result = compileMatch(match, names, { text: (text) => text.length })
  return isCompiled(result) ? [] : result
}

function compileField(
  moment: MomentDefinition,
  field: string,
  value: Value,
  names: WorldNames,
  texts: TextNumbers,
): readonly Condition[] | string {
  if (field === 'node') return nodeConditions(NODE_SLOT, value, names)
  let slot = 0
  for (const candidate of moment.fields) {
    const compiled = compileAs(moment, candidate, slot, field, value, names, texts)
    if (compiled !== null) return compiled
    slot += candidate.type === 'nodes' ? 2 : 1
  }
  return `the moment ${moment.name} has no field "${field}"; it has ${matchableFields(moment).join(', ')}`
}

/** null = the trigger's field is not about this field of the moment. */
function compileAs(
  moment: MomentDefinition,
  of: MomentField,
  slot: number,
  field: string,
  value: Value,
  names: WorldNames,
  texts: TextNumbers,
): readonly Condition[] | string | null {
  switch (of.type) {
    case 'tp':
      if (field === 'topic') return topicConditions(slot, value, names)
      return field === 'partition' ? wholeConditions(slot, value, 0xffff, 0) : null
    case 'record':
      if (field === 'record') return recordConditions(slot, value, names)
      return field === 'producer' ? senderConditions(slot, value, names) : null
    case 'batch':
      if (field === 'batch') return wholeConditions(slot, value)
      if (field === 'record') return batchConditions(slot, value, names)
      return field === 'producer' ? senderConditions(slot, value, names) : null
    case 'api':
      if (field === 'api') return apiConditions(slot, value)
      return field === 'reply' ? flagConditions(slot, value, REPLY_FLAG) : null
    case 'offset':
      return field === of.name ? offsetConditions(moment, field, slot, value) : null
    case 'epoch':
    case 'int':
      // The producer epoch of an append carries a flag above its 16 bits.
      return field === of.name ? wholeConditions(slot, value, field === 'producerEpoch' ? 0xffff : -1, LEAST) : null
    case 'node':
      return field === of.name ? nodeConditions(slot, value, names) : null
    case 'flag':
      return field === of.name ? flagConditions(slot, value, 1) : null
    case 'error':
      return field === of.name ? errorConditions(slot, value) : null
    case 'text':
      return field === of.name ? [equal(slot, texts.text(String(value)))] : null
    case 'nodes':
      return field === of.name ? setConditions(slot, value, names) : null
  }
}

function equal(slot: number, value: number, mask = -1): Condition {
  return new Condition(slot, mask, value & mask, value & mask)
}

function between(slot: number, least: number, most: number): Condition {
  return new Condition(slot, -1, least, most)
}

/** A whole number that fits a moment's integer, or null. */
function whole(value: Value): number | null {
  const number = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= LEAST && number <= MOST ? number : null
}

function wholeConditions(slot: number, value: Value, mask = -1, least = LEAST): readonly Condition[] | string {
  const number = whole(value)
  return number === null || number < least
    ? `"${value}" is not a whole number${least === 0 ? ' from 0' : ''}`
    : [equal(slot, number, mask)]
}

/** A moment about a range of offsets (`offset` to `last`) matches when the range holds the wanted one. */
function offsetConditions(
  moment: MomentDefinition,
  field: string,
  slot: number,
  value: Value,
): readonly Condition[] | string {
  const number = whole(value)
  if (number === null) return `"${value}" is not an offset: it must be a whole number`
  const last = field === 'offset' ? slotOf(moment, 'last') : -1
  return last < 0 ? [equal(slot, number)] : [between(slot, LEAST, number), between(last, number, MOST)]
}

/** Where a field's integer stands, or -1. */
function slotOf(moment: MomentDefinition, name: string): number {
  let slot = 0
  for (const field of moment.fields) {
    if (field.name === name) return slot
    slot += field.type === 'nodes' ? 2 : 1
  }
  return -1
}

function topicConditions(slot: number, value: Value, names: WorldNames): readonly Condition[] | string {
  const id = names.topic(String(value))
  const known = names.spec.topics.map((topic) => topic.name).join(', ')
  return id === 0 ? `there is no topic "${value}"; topics are ${known}` : [equal(slot, id << 16, 0x7fff0000)]
}

function nodeConditions(slot: number, value: Value, names: WorldNames): readonly Condition[] | string {
  if (value === 'none' || value === -1) return [equal(slot, -1)]
  const nodes = nodesNamed(value, names)
  const [first] = nodes
  const last = nodes[nodes.length - 1]
  if (first === undefined || last === undefined)
    return `there is no node "${value}"; nodes are ${names.nodes.map((node) => node.name).join(', ')}`
  return [between(slot, first, last)]
}

/** A node by name or, for brokers, by id; all instances of an application. Always an unbroken range. */
function nodesNamed(value: Value, names: WorldNames): readonly number[] {
  const id = whole(value)
  if (id !== null) return names.brokers.includes(id) ? [id] : []
  const node = names.node(String(value))
  return node >= 0 ? [node] : names.application(String(value))
}

function setConditions(slot: number, value: Value, names: WorldNames): readonly Condition[] | string {
  const words = String(value)
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '' && word !== 'none')
  const ids = words.map((word) => nodesNamed(word, names)[0] ?? -1)
  const unknown = words.find((_, index) => !names.brokers.includes(ids[index] ?? -1))
  if (unknown !== undefined) return `there is no broker "${unknown}"; a set of brokers is written broker-1,broker-2`
  return [equal(slot, maskLow(ids)), equal(slot + 1, maskHigh(ids))]
}

function recordConditions(slot: number, value: Value, names: WorldNames): readonly Condition[] | string {
  const record = names.record(String(value))
  return record < 0 ? noRecord(value) : [equal(slot, record)]
}

function batchConditions(slot: number, value: Value, names: WorldNames): readonly Condition[] | string {
  const record = names.record(String(value))
  return record < 0 ? noRecord(value) : [new Condition(slot, -1, 0, 0, record)]
}

function noRecord(value: Value): string {
  return `there is no record "${value}"; records are written producer#instance/n, such as checkout#0/5`
}

/** Records and batches carry their sender's node above 20 bits. */
function senderConditions(slot: number, value: Value, names: WorldNames): readonly Condition[] | string {
  const nodes = nodesNamed(value, names)
  const first = nodes[0]
  const last = nodes[nodes.length - 1]
  if (first === undefined || last === undefined || !names.clients.includes(first))
    return `there is no producer "${value}"`
  return [between(slot, first << 20, (last << 20) | 0xfffff)]
}

function apiConditions(slot: number, value: Value): readonly Condition[] | string {
  const key = apiNamed(String(value))
  return key === undefined
    ? `there is no request "${value}" in the simulated protocol`
    : [equal(slot, key, REPLY_FLAG - 1)]
}

function flagConditions(slot: number, value: Value, bit: number): readonly Condition[] | string {
  if (value !== true && value !== false && value !== 'true' && value !== 'false')
    return `"${value}" is neither true nor false`
  return [equal(slot, String(value) === 'true' ? bit : 0, bit)]
}

function errorConditions(slot: number, value: Value): readonly Condition[] | string {
  const code = whole(value) ?? (Object.hasOwn(Errors, String(value)) ? Errors[String(value) as ErrorName] : null)
  return code === null
    ? `there is no error "${value}"; errors are written as Kafka does, such as NOT_LEADER_OR_FOLLOWER`
    : [equal(slot, code)]
}
