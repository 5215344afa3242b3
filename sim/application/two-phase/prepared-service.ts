import { M } from '../../history/catalogue.ts'
import type { Env } from '../../kafka/env.ts'
import type { Database } from '../database.ts'
import { GENERATION_FENCE } from '../store-effects.ts'
import type {
  StoreReadCheckpointRequest,
  StoreReadCheckpointResponse,
  StoreSaveCheckpointRequest,
} from './checkpoint.ts'
import type {
  StoreFinishRequest,
  StoreListPreparedRequest,
  StoreListPreparedResponse,
  StorePrepareRequest,
  StorePrepareResponse,
} from '../store-messages.ts'

/**
 * What a database does with transactions that end in two steps (`PREPARE TRANSACTION`, `COMMIT PREPARED` and so on), and with
 * checkpoints that name those of others.
 */
export class PreparedService {
  private readonly env: Env
  private readonly database: Database

  constructor(env: Env, database: Database) {
    this.env = env
    this.database = database
  }

  prepare(request: StorePrepareRequest, by: number): StorePrepareResponse {
    const { env, database } = this
    if (!database.admit(request)) {
      for (const { record, tp, offset } of request.rows)
        env.emitWide(M.effectRefused, record, tp, offset, env.node, GENERATION_FENCE, by)
      return { fenced: true, locked: false }
    }
    const prepared = database.prepared(request.group)
    if (prepared.isLocked(request)) return { fenced: false, locked: true }
    prepared.prepare(request)
    env.emit(M.storePrepared, env.recorder.text(request.group), request.id, request.rows.length, by)
    return { fenced: false, locked: false }
  }

  /** Whoever ends a transaction that has ended is told so, as if it had done it. */
  finish({ group, id, commit, generation }: StoreFinishRequest, by: number): object {
    const { env, database } = this
    const request = database.prepared(group).take(id)
    if (request === null) return {}
    env.emit(M.storeFinished, env.recorder.text(group), id, commit ? 1 : 0, by)
    if (!commit) return {}
    for (const row of request.rows) {
      const what = database.write(request, row)
      const key = row.key === null ? -1 : env.recorder.text(row.key)
      env.emitWide(M.effectApplied, row.record, row.tp, row.offset, what, env.node, key, generation, by)
    }
    return {}
  }

  save({ group, checkpoint }: StoreSaveCheckpointRequest, by: number): object {
    const { env, database } = this
    database.saveCheckpoint(group, checkpoint)
    env.emit(M.checkpointSaved, env.recorder.text(group), checkpoint.open.transaction, by)
    return {}
  }

  read({ group }: StoreReadCheckpointRequest): StoreReadCheckpointResponse {
    return { checkpoint: this.database.checkpoint(group) }
  }

  list(request: StoreListPreparedRequest): StoreListPreparedResponse {
    if (!this.database.admit(request)) return { fenced: true, prepared: [] }
    return { fenced: false, prepared: this.database.prepared(request.group).in(request.partitions) }
  }
}
