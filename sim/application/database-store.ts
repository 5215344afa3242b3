import { M } from '../history/catalogue.ts'
import type { Envelope } from '../network/envelope.ts'
import type { Env } from '../kafka/env.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import type { Database } from './database.ts'
import { GENERATION_FENCE, OFFSET_FENCE, REMEMBERED } from './store-effects.ts'
import type {
  StoreFinishRequest,
  StoreListPreparedRequest,
  StorePrepareRequest,
  StoreInsertRowRequest,
  StoreMarkRequest,
  StoreReadMarksRequest,
  StoreReadMarksResponse,
  StoreReadOffsetsRequest,
  StoreReadOffsetsResponse,
  StoreReadRowsRequest,
  StoreReadRowsResponse,
  StoreRow,
  StoreWriteRequest,
  StoreWriteResponse,
} from './store-messages.ts'
import type { StoreService } from './store-process.ts'
import type { StoreReadCheckpointRequest, StoreSaveCheckpointRequest } from './two-phase/checkpoint.ts'
import { PreparedService } from './two-phase/prepared-service.ts'

/** A database: what is asked are transactions, each all or nothing. */
export class DatabaseStore implements StoreService {
  readonly rollsBack = true
  private readonly env: Env
  private readonly database: Database
  private readonly prepared: PreparedService

  constructor(env: Env, database: Database) {
    this.env = env
    this.database = database
    this.prepared = new PreparedService(env, database)
  }

  get inDoubt(): number {
    return this.database.inDoubt
  }

  perform(request: Envelope): object {
    switch (request.api) {
      case StoreApi.StoreReadOffsets:
        return this.readOffsets(request.body as StoreReadOffsetsRequest)
      case StoreApi.StoreReadMarks:
        return this.readMarks(request.body as StoreReadMarksRequest, request.source)
      case StoreApi.StoreMark:
        return this.mark(request.body as StoreMarkRequest)
      case StoreApi.StorePrepare:
        return this.prepared.prepare(request.body as StorePrepareRequest, request.source)
      case StoreApi.StoreFinish:
        return this.prepared.finish(request.body as StoreFinishRequest, request.source)
      case StoreApi.StoreListPrepared:
        return this.prepared.list(request.body as StoreListPreparedRequest)
      case StoreApi.StoreSaveCheckpoint:
        return this.prepared.save(request.body as StoreSaveCheckpointRequest, request.source)
      case StoreApi.StoreReadCheckpoint:
        return this.prepared.read(request.body as StoreReadCheckpointRequest)
      case StoreApi.StoreInsertRow:
        return this.insertRow(request.body as StoreInsertRowRequest, request.source)
      case StoreApi.StoreReadRows: {
        const { from, most } = request.body as StoreReadRowsRequest
        const response: StoreReadRowsResponse = { keys: this.database.keysFrom(from, most) }
        return response
      }
      default:
        return this.write(request.body as StoreWriteRequest, request.source)
    }
  }

  private insertRow({ record, key }: StoreInsertRowRequest, by: number): object {
    const row = this.database.insertRow(record, key)
    if (row >= 0) this.env.emit(M.rowWritten, record, row, by)
    return {}
  }

  private readOffsets(request: StoreReadOffsetsRequest): StoreReadOffsetsResponse {
    const { database } = this
    if (!database.admit(request)) return { fenced: true, offsets: [] }
    const offsets = request.partitions.map((tp) => ({ tp, next: database.nextOffset(request.group, tp) }))
    return { fenced: false, offsets }
  }

  private write(request: StoreWriteRequest, by: number): StoreWriteResponse {
    const { env, database } = this
    if (!database.admit(request)) {
      for (const { record, tp, offset } of request.rows)
        env.emitWide(M.effectRefused, record, tp, offset, env.node, GENERATION_FENCE, by)
      return { fenced: true, skipped: 0 }
    }
    let skipped = 0
    for (const row of request.rows) {
      const { record, tp, offset, key } = row
      if (this.remembers(request, row)) {
        env.emitWide(M.effectRefused, record, tp, offset, env.node, REMEMBERED, by)
        continue
      }
      const what = database.write(request, row)
      if (what === 0) {
        skipped++
        env.emitWide(M.effectRefused, record, tp, offset, env.node, OFFSET_FENCE, by)
      } else {
        const keyText = key === null ? -1 : env.recorder.text(key)
        env.emitWide(M.effectApplied, record, tp, offset, what, env.node, keyText, request.generation, by)
      }
    }
    database.savePositions(request)
    return { fenced: false, skipped }
  }

  /** Whether a row is known to be written; if not, it is from now on. */
  private remembers({ group, deduplicate }: StoreWriteRequest, { record }: StoreRow): boolean {
    if (deduplicate === null) return false
    const marks = this.database.marks(group)
    const now = this.env.wallClock()
    if (marks.has(record, deduplicate, now)) return true
    marks.put(record, now)
    return false
  }

  private readMarks({ group, rows, memory }: StoreReadMarksRequest, by: number): StoreReadMarksResponse {
    const { env, database } = this
    const marks = database.marks(group)
    const now = env.wallClock()
    const marked = rows.filter(({ record }) => marks.has(record, memory, now))
    for (const { record, tp, offset } of marked)
      env.emitWide(M.effectRefused, record, tp, offset, env.node, REMEMBERED, by)
    return { marked: marked.map(({ record }) => record) }
  }

  private mark({ group, records }: StoreMarkRequest): object {
    const marks = this.database.marks(group)
    for (const record of records) marks.put(record, this.env.wallClock())
    return {}
  }
}
