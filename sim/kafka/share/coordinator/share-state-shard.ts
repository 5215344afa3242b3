import { Errors } from '../../protocol/errors.ts'
import {
  coordinatorKeyOf,
  type PersisterStateBatch,
  type ReadShareGroupStateRequest,
  type ReadShareGroupStateResponse,
  type WriteShareGroupStateRequest,
} from '../../protocol/share-messages.ts'
import type { ShareStateRecord } from '../../protocol/share-state-records.ts'
import { combineStateBatches } from '../state-batches.ts'

/** What the log says of one share partition (`ShareGroupOffset`). */
interface ShareGroupOffset {
  readonly snapshotEpoch: number
  readonly stateEpoch: number
  readonly leaderEpoch: number
  readonly startOffset: number
  readonly stateBatches: readonly PersisterStateBatch[]
}

const NO_BATCHES: readonly PersisterStateBatch[] = []
/** `PartitionFactory.UNINITIALIZED_START_OFFSET`, `DEFAULT_STATE_EPOCH` */
const UNINITIALIZED = -1
const DEFAULT_STATE_EPOCH = 0

/** The states of share partitions in one partition of `__share_group_state` (`ShareCoordinatorShard`). */
export class ShareStateShard {
  private readonly states: Map<string, ShareGroupOffset> = new Map()
  /** Updates since the last snapshot. */
  private readonly updates: Map<string, number> = new Map()
  private readonly updatesPerSnapshot: number

  constructor(updatesPerSnapshot: number) {
    this.updatesPerSnapshot = updatesPerSnapshot
  }

  get size(): number {
    return this.states.size
  }

  /** `maybeGetWriteStateError`: whoever leads in an older epoch, or speaks of an older state, is fenced. */
  writeError(request: WriteShareGroupStateRequest): number {
    const known = this.states.get(coordinatorKeyOf(request))
    if (known === undefined) return Errors.NONE
    if (known.leaderEpoch > request.leaderEpoch) return Errors.FENCED_LEADER_EPOCH
    return known.stateEpoch > request.stateEpoch ? Errors.FENCED_STATE_EPOCH : Errors.NONE
  }

  /** `generateShareStateRecord`: a snapshot of what is new here or was updated often, else an update. */
  recordFor({
    groupId,
    tp,
    leaderEpoch,
    stateEpoch,
    startOffset,
    stateBatches,
  }: WriteShareGroupStateRequest): ShareStateRecord {
    const key = coordinatorKeyOf({ groupId, tp })
    const known = this.states.get(key)
    const common = { groupId, tp, leaderEpoch, stateEpoch }
    if (known !== undefined && (this.updates.get(key) ?? 0) < this.updatesPerSnapshot)
      return { ...common, type: 'ShareUpdate', snapshotEpoch: known.snapshotEpoch, startOffset, stateBatches }
    const start = startOffset === UNINITIALIZED ? (known?.startOffset ?? UNINITIALIZED) : startOffset
    const batches = combineStateBatches(known?.stateBatches ?? NO_BATCHES, stateBatches, start)
    const snapshotEpoch = known === undefined ? 0 : known.snapshotEpoch + 1
    return { ...common, type: 'ShareSnapshot', snapshotEpoch, startOffset: start, stateBatches: batches }
  }

  readError(request: ReadShareGroupStateRequest): number {
    const known = this.states.get(coordinatorKeyOf(request))
    return known !== undefined && known.leaderEpoch > request.leaderEpoch ? Errors.FENCED_LEADER_EPOCH : Errors.NONE
  }

  /** The record with which a new leader makes itself known, null when the coordinator knows it already. */
  leaderRecordFor(request: ReadShareGroupStateRequest): ShareStateRecord | null {
    const known = this.states.get(coordinatorKeyOf(request))
    if (known !== undefined && known.leaderEpoch >= request.leaderEpoch) return null
    const { groupId, tp, leaderEpoch } = request
    const stateEpoch = known?.stateEpoch ?? DEFAULT_STATE_EPOCH
    return this.recordFor({ groupId, tp, leaderEpoch, stateEpoch, startOffset: UNINITIALIZED, stateBatches: [] })
  }

  read(request: ReadShareGroupStateRequest): ReadShareGroupStateResponse {
    const known = this.states.get(coordinatorKeyOf(request))
    return {
      errorCode: Errors.NONE,
      stateEpoch: known?.stateEpoch ?? DEFAULT_STATE_EPOCH,
      startOffset: known?.startOffset ?? UNINITIALIZED,
      stateBatches: known?.stateBatches ?? NO_BATCHES,
    }
  }

  /** Takes a record of the log. */
  replay(record: ShareStateRecord): void {
    const key = coordinatorKeyOf(record)
    const known = this.states.get(key)
    const { snapshotEpoch, stateEpoch, leaderEpoch } = record
    if (record.type === 'ShareSnapshot' || known === undefined) {
      const { startOffset, stateBatches } = record
      this.states.set(key, { snapshotEpoch, stateEpoch, leaderEpoch, startOffset, stateBatches })
      this.updates.set(key, 0)
      return
    }
    const startOffset = record.startOffset === UNINITIALIZED ? known.startOffset : record.startOffset
    const stateBatches = combineStateBatches(known.stateBatches, record.stateBatches, startOffset)
    this.states.set(key, { ...known, leaderEpoch, startOffset, stateBatches })
    this.updates.set(key, (this.updates.get(key) ?? 0) + 1)
  }
}
