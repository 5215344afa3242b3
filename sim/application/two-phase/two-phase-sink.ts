import { MILLISECOND } from '../../kernel/time.ts'
import type { Env } from '../../kafka/env.ts'
import type { ConsumedRecord } from '../../kafka/client/consumer/completed-fetch.ts'
import type { Fence, RowWrite, TwoPhase } from '../applications.ts'
import type { Output } from '../output.ts'
import type { ProcessHost } from '../process-host.ts'
import type { ReaderProcessOptions } from '../reader-options.ts'
import { READER_TIMERS, ReaderProcess } from '../reader-process.ts'
import type { PreparedTransaction } from '../store-messages.ts'
import {
  type Resolution,
  TWO_PHASE_TIMERS,
  type TwoPhaseJournal,
  TwoPhaseOutput,
  type TwoPhaseOwner,
} from './two-phase-output.ts'

const LOOK_AGAIN: number = READER_TIMERS + TWO_PHASE_TIMERS

/** Pause before the store is asked again that would not tell. */
const LOOK_AGAIN_US: number = 100 * MILLISECOND

export interface TwoPhaseSinkOptions extends ReaderProcessOptions {
  /** Node of the store. */
  readonly store: number
  readonly write: RowWrite
  readonly fence: Fence
  readonly twoPhase: TwoPhase
}

/**
 * One instance of a sink that commits in two phases. First the store prepares the rows; then the positions are committed to
 * the group, which decides; then the store commits what it has prepared.
 *
 * A coordinator that dies in between leaves a transaction in doubt. Whoever is assigned its partitions ends it before it reads on,
 * by what was decided: it is committed if the group's position is where it ends, and rolled back otherwise (presumed abort).
 * So does a sink whose own commit failed, for it may have arrived.
 */
export class TwoPhaseSink extends ReaderProcess implements TwoPhaseOwner {
  private readonly sink: TwoPhaseSinkOptions
  private readonly journal: TwoPhaseJournal
  private twoPhase: TwoPhaseOutput | null = null
  /** Partitions that nothing is read from until what is in doubt there is resolved. */
  private held: Set<number> = new Set()
  /** The store is being asked, or told what to do. */
  private looking = false
  /** The group's positions in those that it is asked about; null = what it answers is old news. */
  private looked: ReadonlyMap<number, number> | null = null

  constructor(env: Env, options: TwoPhaseSinkOptions, journal: TwoPhaseJournal, host: Pick<ProcessHost, 'exited'>) {
    super(env, options, host)
    this.sink = options
    this.journal = journal
  }

  protected makeOutput(): Output {
    const { store, write, fence, config, tellSteps } = this.sink
    const options = { timerBase: READER_TIMERS, store, group: config['group.id'], write, fence, tellSteps }
    this.twoPhase = new TwoPhaseOutput(this.env, this, options, this.journal)
    return this.twoPhase
  }

  override isIdle(): boolean {
    return this.held.size === 0 && super.isIdle()
  }

  override onTimer(kind: number, a: number, b: number): void {
    if (kind === LOOK_AGAIN) this.look()
    else super.onTimer(kind, a, b)
  }

  // --- the second phase -----------------------------------------------------------------------------------------------

  /** It names what it has prepared: a commit that does not passes over partitions whose position is being validated. */
  protected override commitsPositions(): boolean {
    return false
  }

  override onCommitReturned(ok: boolean): void {
    if (!ok) this.fail()
    else if (this.twoPhase?.complete() !== false) super.onCommitReturned(true)
  }

  onCompleted(): void {
    super.onCommitReturned(true)
  }

  /** Nobody knows what became of the decision but the group's coordinator. */
  protected override rewind(): void {
    this.consumer?.seekToCommitted()
    this.hold([...this.owned])
  }

  // --- recovery -------------------------------------------------------------------------------------------------------

  override onPartitionsAssigned(partitions: readonly number[]): void {
    super.onPartitionsAssigned(partitions)
    this.hold(partitions)
  }

  protected override disown(partitions: readonly number[]): void {
    super.disown(partitions)
    this.twoPhase?.forget(partitions)
    for (const tp of partitions) this.held.delete(tp)
  }

  private hold(partitions: readonly number[]): void {
    if (!this.sink.twoPhase.recover) return
    for (const tp of partitions) {
      this.consumer?.pause(tp)
      this.held.add(tp)
    }
    this.looked = null
  }

  override onPolled(records: readonly ConsumedRecord[]): void {
    if (this.held.size > 0 && !this.looking) this.look()
    super.onPolled(records)
  }

  /** Asks the store, once the group's positions are known. */
  private look(): void {
    const { consumer, held } = this
    this.looking = false
    if (consumer === null) return
    const known = [...held].filter((tp) => consumer.position(tp) >= 0).sort((a, b) => a - b)
    if (known.length === 0) return
    this.looking = true
    this.looked = new Map(known.map((tp) => [tp, consumer.position(tp)]))
    this.twoPhase?.list(known, consumer.generation)
  }

  onListed(prepared: readonly PreparedTransaction[] | null): void {
    const { looked, consumer } = this
    if (prepared === null) this.env.setTimer(LOOK_AGAIN, LOOK_AGAIN_US)
    else if (looked === null || consumer === null) this.looking = false
    else this.twoPhase?.resolve(resolutions(prepared, looked), consumer.generation)
  }

  onResolved(): void {
    for (const tp of this.looked?.keys() ?? []) {
      if (this.held.delete(tp)) this.consumer?.resume(tp)
    }
    this.looking = false
  }
}

/** What is in doubt was decided if the group stands where it ends; one step further, it would have been ended. */
function resolutions(
  prepared: readonly PreparedTransaction[],
  positions: ReadonlyMap<number, number>,
): readonly Resolution[] {
  return prepared.map(({ id, ends }) => ({ id, commit: ends.some(({ tp, next }) => positions.get(tp) === next) }))
}
