import { CLUSTER_ROWS } from './cluster-rows.ts'
import { CORRUPTION_ROWS } from './corruption-rows.ts'
import { GROUP_ROWS } from './group-rows.ts'
import { QUORUM_ROWS } from './quorum-rows.ts'
import { LOG_ROWS } from './log-rows.ts'
import { OWN_CODE_ROWS } from './own-code-rows.ts'
import { SHARE_ROWS } from './share-rows.ts'
import { SOURCE_ROWS } from './source-rows.ts'
import { STATE_ROWS } from './state-rows.ts'
import { STORE_ROWS } from './store-rows.ts'
import { TOPIC_ROWS } from './topic-rows.ts'
import { TRANSACTION_ROWS } from './transaction-rows.ts'

export { M } from './kinds.ts'

/**
 * The closed union of everything that can be seen to happen. A moment has a kind, the node at which it happens, and up to
 * eight integers whose meaning stands here. It is at once what `when:` waits for, what the trace records, what checkers read
 * and what reports draw.
 *
 * Field types: `tp` = topic and partition; `node`; `record` = record number (`checkout#0/5`); `batch`; `offset`; `epoch`;
 * `int`; `flag`; `api` = request and direction; `error` = Kafka's error code; `text` = an interned word;
 * `nodes` = set of brokers as two masks (takes two integers).
 */
export type FieldType =
  | 'tp'
  | 'node'
  | 'record'
  | 'batch'
  | 'offset'
  | 'epoch'
  | 'int'
  | 'flag'
  | 'api'
  | 'error'
  | 'text'
  | 'nodes'

export interface MomentField {
  readonly name: string
  readonly type: FieldType
}

export interface MomentDefinition {
  readonly kind: number
  /** `thing.happened`, as scenario files write it. */
  readonly name: string
  readonly about: string
  readonly fields: readonly MomentField[]
  /** Integers that the fields take; more than four need a continuation record. */
  readonly width: number
}

export const MOMENTS: readonly MomentDefinition[] = [
  ...CLUSTER_ROWS,
  ...GROUP_ROWS,
  ...TRANSACTION_ROWS,
  ...SHARE_ROWS,
  ...SOURCE_ROWS,
  ...QUORUM_ROWS,
  ...LOG_ROWS,
  ...STATE_ROWS,
  ...OWN_CODE_ROWS,
  ...STORE_ROWS,
  ...TOPIC_ROWS,
  ...CORRUPTION_ROWS,
].map(([name, kind, about, fields]) => define(name, kind, about, fields))

const BY_KIND: readonly (MomentDefinition | undefined)[] = byKind()
const BY_NAME: ReadonlyMap<string, MomentDefinition> = new Map(MOMENTS.map((moment) => [moment.name, moment]))

export function momentOfKind(kind: number): MomentDefinition | undefined {
  return BY_KIND[kind]
}

export function momentNamed(name: string): MomentDefinition | undefined {
  return BY_NAME.get(name)
}

/** The names under which a trigger may ask for a moment's fields: `tp` is `topic` and `partition`, and every moment has `node`. */
export function matchableFields(moment: MomentDefinition): readonly string[] {
  const names = moment.fields.flatMap((field) => {
    switch (field.type) {
      case 'tp':
        return ['topic', 'partition']
      case 'record':
        return ['record', 'producer']
      case 'api':
        return ['api', 'reply']
      case 'batch':
        return ['batch', 'record', 'producer']
      case 'node':
      case 'offset':
      case 'epoch':
      case 'int':
      case 'flag':
      case 'error':
      case 'text':
      case 'nodes':
        return [field.name]
    }
  })
  return ['node', ...new Set(names)]
}

function define(name: string, kind: number, about: string, text: string): MomentDefinition {
  const fields = text === '' ? [] : text.split(' ').map(parseField)
  return { kind, name, about, fields, width: fields.reduce((sum, field) => sum + (field.type === 'nodes' ? 2 : 1), 0) }
}

function parseField(text: string): MomentField {
  const [name = '', type = 'int'] = text.split(':')
  return { name, type: type as FieldType }
}

function byKind(): readonly (MomentDefinition | undefined)[] {
  const table: (MomentDefinition | undefined)[] = []
  for (const moment of MOMENTS) table[moment.kind] = moment
  return table
}
