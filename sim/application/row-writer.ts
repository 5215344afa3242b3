import { recordOf } from '../history/ids.ts'
import type { Envelope } from '../network/envelope.ts'
import type { Env } from '../kafka/env.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import type { WritesWhen } from './applications.ts'
import type { RecordSource } from './record-source.ts'
import { STORE_CLIENT_TIMERS, type StoreCaller, StoreClient } from './store-client.ts'

/** Number of timer kinds a writer takes, from its `timerBase` on. */
export const ROW_WRITER_TIMERS: number = STORE_CLIENT_TIMERS + 1
/** Writes the row of the record in `a`, behind a step that was told. */
const WRITE: number = STORE_CLIENT_TIMERS

/** Whose records are written. */
export interface RowOwner {
  /** The row of a record is there for good. */
  onRowWritten(n: number): void
  /** Whether the database has the row is unknown. */
  onRowUnknown(n: number): void
}

/**
 * The other half of a dual write: what an application publishes is also a row in its database, in a transaction of its own that
 * knows nothing of Kafka. A row's primary key is the record's id, so that writing it again changes nothing.
 */
export class RowWriter implements StoreCaller {
  readonly when: WritesWhen
  private readonly env: Env
  private readonly source: RecordSource
  private readonly owner: RowOwner
  private readonly timerBase: number
  private readonly client: StoreClient

  constructor(
    env: Env,
    rules: { readonly store: number; readonly when: WritesWhen },
    source: RecordSource,
    owner: RowOwner,
    timerBase: number,
  ) {
    this.env = env
    this.when = rules.when
    this.source = source
    this.owner = owner
    this.timerBase = timerBase
    this.client = new StoreClient(env, timerBase, rules.store, this)
  }

  /** Writes the row of a record; {@link RowOwner} hears how it ended. */
  write(n: number): void {
    const { env, source } = this
    this.client.call(StoreApi.StoreInsertRow, { record: recordOf(env.node, n), key: source.keyText(n) }, n)
  }

  /** The same in an event of its own. */
  writeSoon(n: number): void {
    this.env.setTimer(this.timerBase + WRITE, 0, n)
  }

  onStoreAnswer(n: number): void {
    this.owner.onRowWritten(n)
  }

  onStoreFailed(n: number): void {
    this.owner.onRowUnknown(n)
  }

  onMessage(envelope: Envelope): void {
    this.client.onMessage(envelope)
  }

  onSignal(kind: number, connection: number): void {
    this.client.onSignal(kind, connection)
  }

  /** Takes the timers of this writer; false when the timer is not one of them. */
  onTimer(kind: number, n: number): boolean {
    if (kind === this.timerBase + WRITE) {
      this.write(n)
      return true
    }
    return this.client.onTimer(kind)
  }

  waiting(): readonly string[] {
    return this.client.waiting()
  }
}
