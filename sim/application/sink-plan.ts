import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import { StoreApi, type StoreApiKey } from '../kafka/protocol/api.ts'
import type { Deduplication, Fence, RowWrite } from './applications.ts'
import type {
  NextOffset,
  OnBehalf,
  StoreAppendFileRequest,
  StoreCreateFileRequest,
  StoreMarkRequest,
  StoreReadMarksRequest,
  StoreRenameFileRequest,
  StoreRow,
  StoreWriteRequest,
} from './store-messages.ts'

/** How a sink writes a unit of work. */
export type SinkWrite =
  | { readonly kind: 'rows'; readonly write: RowWrite; readonly deduplicate: Deduplication | null }
  /** One file per partition: under a temporary name until it is complete, or at once under its own. */
  | { readonly kind: 'file'; readonly rename: boolean }

export interface SinkPlanOptions {
  readonly group: string
  readonly write: SinkWrite
  readonly fence: Fence
  /** Positions are saved with what is written (`commit: with-output`). */
  readonly withOutput: boolean
}

/** Moments of a unit on its way, where an application may die. */
export type SinkMoment = 'before-output' | 'after-output' | 'before-commit' | 'after-commit'

/** One thing that a sink does on the way of a unit into the store. */
export type SinkStep =
  | { readonly do: 'tell'; readonly what: readonly SinkMoment[] }
  | { readonly do: 'call'; readonly api: StoreApiKey; readonly body: object }

/**
 * A unit's whole way, in order. A sink with marks of its own asks for them first, and plans when it knows them.
 *
 * @param passed records of which nothing is written; positions are past them
 */
export function planOf(
  options: SinkPlanOptions,
  records: readonly ConsumedRecord[],
  passed: readonly ConsumedRecord[],
  generation: number,
  now: number,
): readonly SinkStep[] {
  const { group, fence, write } = options
  const by = { group, generation, fence }
  if (write.kind === 'file') return filePlan(options, by, write.rename, records.map(rowOf), now)
  const { deduplicate } = write
  if (deduplicate === null || deduplicate.mark === 'with-output')
    return rowPlan(options, by, records, nextOffsetsOf(records, passed))
  const body: StoreReadMarksRequest = { group, rows: records.map(rowOf), memory: deduplicate }
  return [{ do: 'call', api: StoreApi.StoreReadMarks, body }]
}

/** The rest of the way of a unit, of which some records are marked as done already. */
export function planAfterMarks(
  options: SinkPlanOptions,
  records: readonly ConsumedRecord[],
  generation: number,
  marked: readonly number[],
): readonly SinkStep[] {
  const { group, fence, write } = options
  const mark = write.kind === 'rows' ? write.deduplicate?.mark : undefined
  const fresh = records.filter(({ record }) => !marked.includes(record.record))
  // Positions that are saved with the rows are saved without any, too.
  if (fresh.length === 0 && !options.withOutput) return []
  const body: StoreMarkRequest = { group, records: fresh.map(({ record }) => record.record) }
  const marking: SinkStep = { do: 'call', api: StoreApi.StoreMark, body }
  const writing = rowPlan(options, { group, generation, fence }, fresh, nextOffsetsOf(records))
  return mark === 'before-output' ? [marking, ...writing] : [...writing, marking]
}

function rowPlan(
  { write, withOutput }: SinkPlanOptions,
  by: OnBehalf,
  records: readonly ConsumedRecord[],
  next: readonly NextOffset[],
): readonly SinkStep[] {
  if (write.kind === 'file') throw new Error('files have no rows')
  const { group, generation, fence } = by
  const deduplicate = write.deduplicate?.mark === 'with-output' ? write.deduplicate : null
  const rows = records.map(rowOf)
  const offsets = withOutput ? next : null
  const body: StoreWriteRequest = { group, generation, write: write.write, fence, rows, offsets, deduplicate }
  return [
    // Positions that go with the rows are committed by it.
    { do: 'tell', what: withOutput ? ['before-output', 'before-commit'] : ['before-output'] },
    { do: 'call', api: StoreApi.StoreWrite, body },
    { do: 'tell', what: withOutput ? ['after-output', 'after-commit'] : ['after-output'] },
  ]
}

/** One file after the other. The name of a file is its commit, where positions are taken from names. */
function filePlan(
  { withOutput }: SinkPlanOptions,
  by: OnBehalf,
  renames: boolean,
  rows: readonly StoreRow[],
  now: number,
): readonly SinkStep[] {
  const steps: SinkStep[] = [{ do: 'tell', what: ['before-output'] }]
  for (const tp of new Set(rows.map((row) => row.tp))) {
    const own = rows.filter((row) => row.tp === tp)
    const [first, last] = [own[0]?.offset ?? 0, own.at(-1)?.offset ?? 0]
    const file = { tp, first, last }
    const temporary = renames ? now : null
    const create: StoreCreateFileRequest = { ...by, file, temporary }
    const append: StoreAppendFileRequest = { ...by, file, temporary, rows: own }
    steps.push({ do: 'call', api: StoreApi.StoreCreateFile, body: create })
    if (!renames && withOutput) steps.push({ do: 'tell', what: ['after-commit'] })
    steps.push({ do: 'call', api: StoreApi.StoreAppendFile, body: append })
    if (renames) {
      const rename: StoreRenameFileRequest = { ...by, file, temporary: now }
      if (withOutput) steps.push({ do: 'tell', what: ['before-commit'] })
      steps.push({ do: 'call', api: StoreApi.StoreRenameFile, body: rename })
      if (withOutput) steps.push({ do: 'tell', what: ['after-commit'] })
    }
  }
  return [...steps, { do: 'tell', what: ['after-output'] }]
}

export function rowOf({ tp, offset, record }: ConsumedRecord): StoreRow {
  return { record: record.record, tp, offset, key: record.key }
}

/** Behind the last record of each partition; each list is in the order of offsets. */
export function nextOffsetsOf(
  records: readonly ConsumedRecord[],
  passed: readonly ConsumedRecord[] = [],
): readonly NextOffset[] {
  const next = new Map<number, number>()
  for (const { tp, offset } of records) next.set(tp, offset + 1)
  for (const { tp, offset } of passed) if (offset >= (next.get(tp) ?? 0)) next.set(tp, offset + 1)
  return Array.from(next, ([tp, offset]) => ({ tp, next: offset }))
}
