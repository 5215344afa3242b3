import { M } from '../../history/catalogue.ts'
import type { AtomicFile } from '../../storage/atomic-file.ts'
import type { Disk } from '../../storage/disk.ts'
import type { Env } from '../../kafka/env.ts'
import type { ClientSwitches } from '../../kafka/protocol/client-switches.ts'
import { type StateEntry, type StateFile, StateStore } from './state-store.ts'

/** Purposes of a task's files on the disk of its instance. */
const STORE = 0
const CHECKPOINT = 1

/** `OffsetCheckpoint.OFFSET_UNKNOWN`, and a store that nothing was ever put into. */
const UNKNOWN = -1

/** `StateManagerUtil.OFFSET_DELTA_THRESHOLD_FOR_CHECKPOINT` */
const CHECKPOINT_EVERY = 10_000

/** What a task goes by. */
export interface TaskRules {
  readonly exactlyOnce: boolean
  readonly uncleanStore: ClientSwitches['streams.unclean-store']
}

/** How a task is closed: in good order after its commit, or as it is. */
export type CloseWay = 'clean' | 'dirty' | 'corrupted'

/**
 * The state of one task (`ProcessorStateManager`, `StreamTask`): its local store, how far of its changelog that goes, and what of
 * both its instance's disk keeps. Under exactly_once_v2 a checkpoint file is there only while nobody works: it says that
 * nothing in the store is of a transaction that may yet be aborted.
 */
export class StatefulTask {
  /** The partition that it reads, and that of its changelog. */
  readonly tp: number
  readonly changelog: number
  /** Whether it works: its store has everything of the changelog. */
  isRestored = false
  /** Offset of the last record of its changelog that was in its store when it was opened, or restored since. */
  private offset: number
  /** That of the last record which it has written (`RecordCollector.offsets()`); -1 = none. */
  private collected: number
  private readonly env: Env
  private readonly rules: TaskRules
  private readonly storeFile: StateFile
  private readonly checkpointFile: AtomicFile<number>
  private readonly store: StateStore
  /** What the last checkpoint said. */
  private checkpointed = 0

  /** `StateManagerUtil.registerStateStores`, `initializeStoreOffsetsFromCheckpoint` */
  constructor(env: Env, disk: Disk, tp: number, changelog: number, rules: TaskRules, collected: number = UNKNOWN) {
    this.env = env
    this.tp = tp
    this.changelog = changelog
    this.rules = rules
    this.collected = collected
    this.storeFile = disk.atomicFile(STORE, tp)
    this.checkpointFile = disk.atomicFile(CHECKPOINT, tp)
    const checkpoint = this.checkpointFile.read()
    // TaskCorruptedException: what is there may be of transactions that were aborted.
    const wipes = this.wipesUnclean && checkpoint === null && this.storeFile.read() !== null
    if (wipes) this.wipe()
    this.store = new StateStore(this.storeFile)
    this.offset = checkpoint ?? UNKNOWN
    if (rules.exactlyOnce) this.checkpointFile.remove()
    env.emit(M.stateOpened, changelog, this.offset, wipes ? 1 : 0)
  }

  private get wipesUnclean(): boolean {
    return this.rules.exactlyOnce && this.rules.uncleanStore === 'wiped'
  }

  /** How far its store goes, by what its checkpoint will say. */
  private get reached(): number {
    return this.collected < 0 ? this.offset : this.collected
  }

  /** What is known of its writes, for the task that it becomes when it is revived. */
  get written(): number {
    return this.collected
  }

  /** Where restoring goes on: `seek(offset + 1)`, or the beginning. */
  get restoresFrom(): number {
    return this.offset + 1
  }

  get entries(): ReadonlyMap<string, StateEntry> {
    return this.store.all
  }

  /** Puts a record of the changelog into the store. */
  replay(key: string, entry: StateEntry, offset: number): void {
    this.store.put(key, entry)
    this.offset = offset
    this.env.emit(M.stateReplayed, entry.record, this.changelog, offset)
  }

  /** `completeRestoration` */
  restored(): void {
    this.isRestored = true
    this.env.emit(M.stateRestored, this.changelog, this.offset)
    if (!this.rules.exactlyOnce) this.checkpoint()
  }

  /** Counts one more under a key; `record` is the number of the changelog record that will say so. */
  count(key: string, record: number, input: number): number {
    const before = this.store.get(key)
    const count = (before?.count ?? 0) + 1
    this.store.put(key, { count, record })
    const { env, changelog } = this
    env.emitWide(M.stateUpdated, record, input, before?.record ?? -1, count, changelog, env.recorder.text(key))
    return count
  }

  /** A record of its changelog is written. */
  onWritten(offset: number): void {
    if (offset >= 0) this.collected = offset
  }

  /** `postCommit(false)`: at least once it writes a checkpoint when the last one is far behind. */
  committed(): void {
    if (!this.rules.exactlyOnce && this.reached - this.checkpointed > CHECKPOINT_EVERY) this.checkpoint()
  }

  /**
   * `closeClean`, `closeDirty`. Whatever is in the store is flushed by closing it; under exactly_once_v2 a store that is closed as
   * it is holds what may be aborted, and is wiped. A corrupted task is restored from the beginning.
   */
  close(way: CloseWay): void {
    const wipes = way !== 'clean' && this.wipesUnclean
    if (way === 'clean') this.checkpoint()
    if (way === 'corrupted') this.checkpointFile.remove()
    if (wipes) this.wipe()
    else this.store.flush()
    this.env.emit(M.stateClosed, this.changelog, wipes ? 2 : way === 'clean' ? 0 : 1)
  }

  private checkpoint(): void {
    this.store.flush()
    this.checkpointFile.write(this.reached)
    this.checkpointed = this.reached
    this.env.emit(M.stateCheckpointed, this.changelog, this.reached)
  }

  /** The directory of the task is deleted. */
  private wipe(): void {
    this.storeFile.remove()
    this.checkpointFile.remove()
  }
}
