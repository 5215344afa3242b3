import { M } from '../../history/catalogue.ts'
import { SECOND } from '../../kernel/time.ts'
import type { ConsumedRecord } from '../../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../../kafka/env.ts'
import { StoreApi } from '../../kafka/protocol/api.ts'
import type { Fence, RowWrite } from '../applications.ts'
import type { Output, OutputOwner } from '../output.ts'
import { nextOffsetsOf, rowOf } from '../sink-plan.ts'
import { STORE_CLIENT_TIMERS } from '../store-client.ts'
import { StoreOutput } from '../store-output.ts'
import type {
  PreparedTransaction,
  StoreFinishRequest,
  StoreListPreparedRequest,
  StoreListPreparedResponse,
  StorePrepareRequest,
  StorePrepareResponse,
} from '../store-messages.ts'

/** Number of timer kinds it takes, from its `timerBase` on. */
export const TWO_PHASE_TIMERS: number = STORE_CLIENT_TIMERS + 3
const PREPARE: number = STORE_CLIENT_TIMERS
const LOCKED: number = STORE_CLIENT_TIMERS + 1
const COMPLETED: number = STORE_CLIENT_TIMERS + 2

/** How long a sink whose rows are locked waits until it gives up the attempt, and looks whose locks they are. */
const LOCK_PAUSE_US: number = SECOND

/** Tokens of calls to the store. */
const PREPARING = 0
const COMPLETING = 1
const LISTING = 2
const RESOLVING = 3

export interface TwoPhaseOptions {
  readonly timerBase: number
  /** Node of the store. */
  readonly store: number
  readonly group: string
  readonly write: RowWrite
  readonly fence: Fence
  readonly tellSteps: boolean
}

/** Numbers of transactions, so that none is used twice. The sink learns nothing from it. */
export interface TwoPhaseJournal {
  transactions: number
}

/** The thread of the sink. */
export interface TwoPhaseOwner extends OutputOwner {
  /** What was prepared is committed in the store too. */
  onCompleted(): void
  /** Transactions that nobody has ended; null when the store does not tell. */
  onListed(prepared: readonly PreparedTransaction[] | null): void
  /** What {@link TwoPhaseOutput.resolve} was asked for is done. */
  onResolved(): void
}

/** One decision about a transaction in doubt. */
export interface Resolution {
  readonly id: number
  readonly commit: boolean
}

/**
 * The store's part in a commit of two phases: what was put since the last commit is prepared in one transaction, and committed when
 * the decision is made.
 */
export class TwoPhaseOutput extends StoreOutput implements Output {
  /** What is prepared together is what is committed together: all that was done since the last commit. */
  readonly writesUnits = false
  readonly immediate = false
  private readonly owner: TwoPhaseOwner
  private readonly options: TwoPhaseOptions
  private readonly journal: TwoPhaseJournal
  private records: ConsumedRecord[] = []
  private generation = -1
  /** The transaction under way; null = none. */
  private request: StorePrepareRequest | null = null
  private busy = false
  private resolutions: readonly Resolution[] = []

  constructor(env: Env, owner: TwoPhaseOwner, options: TwoPhaseOptions, journal: TwoPhaseJournal) {
    super(env, options)
    this.owner = owner
    this.options = options
    this.journal = journal
  }

  start(): void {}

  put(_worker: number, polled: ConsumedRecord, generation: number): boolean {
    this.records.push(polled)
    this.generation = generation
    return true
  }

  // --- the first phase ------------------------------------------------------------------------------------------------

  settle(): boolean {
    if (this.records.length === 0) return true
    const { env, options, journal, generation, records } = this
    const { group, write, fence } = options
    const id = (env.node << 20) | journal.transactions++
    const ends = nextOffsetsOf(records)
    const rows = records.map(rowOf)
    this.request = { id, group, generation, fence, write, rows, ends, offsets: null, deduplicate: null }
    this.busy = true
    if (options.tellSteps) this.tell(M.stepBeforeOutput, PREPARE)
    else this.prepare()
    return false
  }

  private prepare(): void {
    if (this.request !== null) this.client.call(StoreApi.StorePrepare, this.request, PREPARING)
  }

  private onPrepared({ fenced, locked }: StorePrepareResponse): void {
    if (locked) this.env.setTimer(this.options.timerBase + LOCKED, LOCK_PAUSE_US)
    else this.prepared(!fenced)
  }

  /** `ok` false: it may be prepared all the same, and whoever looks will find it. */
  private prepared(ok: boolean): void {
    this.busy = false
    if (!ok) this.request = null
    this.owner.onSettled(0, ok)
  }

  // --- the second phase -----------------------------------------------------------------------------------------------

  /** The decision is to commit. True when nothing was prepared; else {@link TwoPhaseOwner.onCompleted} follows. */
  complete(): boolean {
    if (this.request === null) return true
    this.busy = true
    this.finish(this.request.id, true, COMPLETING)
    return false
  }

  private completed(): void {
    this.busy = false
    this.request = null
    this.records = []
    this.owner.onCompleted()
  }

  private finish(id: number, commit: boolean, token: number): void {
    const { group, fence } = this.options
    const body: StoreFinishRequest = { id, commit, group, generation: this.generation, fence }
    this.client.call(StoreApi.StoreFinish, body, token)
  }

  // --- recovery -------------------------------------------------------------------------------------------------------

  /** Asks for the transactions in doubt with rows of these partitions. */
  list(partitions: readonly number[], generation: number): void {
    const { group, fence } = this.options
    const body: StoreListPreparedRequest = { group, generation, fence, partitions }
    this.client.call(StoreApi.StoreListPrepared, body, LISTING)
  }

  /** Ends transactions in doubt, one after the other. */
  resolve(resolutions: readonly Resolution[], generation: number): void {
    this.generation = generation
    this.resolutions = resolutions
    this.resolveNext()
  }

  private resolveNext(): void {
    const [next] = this.resolutions
    if (next === undefined) this.owner.onResolved()
    else this.finish(next.id, next.commit, RESOLVING)
  }

  // --- Output ---------------------------------------------------------------------------------------------------------

  /** What is prepared stays so: whoever goes on from the committed positions finds it there. */
  discard(): void {
    this.records = []
    this.request = null
  }

  /** Partitions are the application's no longer: what was put from them and not prepared is forgotten. */
  forget(partitions: readonly number[]): void {
    if (this.request === null) this.records = this.records.filter(({ tp }) => !partitions.includes(tp))
  }

  isIdle(): boolean {
    return !this.busy && this.records.length === 0
  }

  close(): boolean {
    this.client.close()
    return true
  }

  onTimer(kind: number): boolean {
    switch (kind - this.options.timerBase) {
      case PREPARE:
        this.prepare()
        return true
      case LOCKED:
        this.prepared(false)
        return true
      case COMPLETED:
        this.completed()
        return true
      default:
        return this.client.onTimer(kind)
    }
  }

  // --- StoreCaller ----------------------------------------------------------------------------------------------------

  onStoreAnswer(token: number, body: object): void {
    switch (token) {
      case PREPARING:
        return this.onPrepared(body as StorePrepareResponse)
      case COMPLETING:
        return this.options.tellSteps ? this.tell(M.stepAfterOutput, COMPLETED) : this.completed()
      case LISTING: {
        const { fenced, prepared } = body as StoreListPreparedResponse
        return this.owner.onListed(fenced ? null : prepared)
      }
      default:
        this.resolutions = this.resolutions.slice(1)
        this.resolveNext()
    }
  }

  /** Ending a transaction is asked for until it is answered: again is once. */
  onStoreFailed(token: number): void {
    switch (token) {
      case PREPARING:
        return this.prepared(false)
      case COMPLETING:
        if (this.request !== null) this.finish(this.request.id, true, COMPLETING)
        return
      case LISTING:
        return this.owner.onListed(null)
      default:
        return this.resolveNext()
    }
  }

  /** The step is an event of its own: what waits for it happens before anything else is done. */
  private tell(moment: number, timer: number): void {
    for (const { record } of this.records) this.env.emit(moment, record.record, record.attempt)
    this.env.setTimer(this.options.timerBase + timer, 0)
  }
}
