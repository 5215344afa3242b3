import { M } from '../../history/catalogue.ts'
import type { AtomicFile } from '../../storage/atomic-file.ts'
import type { Directory } from '../../storage/directory.ts'
import { IoOperation } from '../../storage/io-failures.ts'
import type { Env } from '../env.ts'
import { LogFile, removeLogFiles } from './log-files.ts'
import type { LogCheckpoints } from './log-loader.ts'
import type { LogHome } from './log-parts.ts'
import { OffsetCheckpoint } from './offset-checkpoint.ts'
import type { PartitionLog } from './partition-log.ts'

/** Told once, when the first operation on a directory has failed (`LogDirFailureChannel`). */
export interface LogDirectoryListener {
  onDirectoryFailed(directory: LogDirectory): void
}

const WORDS: readonly (readonly [operation: number, word: string])[] = [
  [IoOperation.read, 'read'],
  [IoOperation.write, 'write'],
  [IoOperation.flush, 'flush'],
]

/** A checkpoint is written aside, flushed and renamed. */
const CHECKPOINT: number = IoOperation.write | IoOperation.flush

/**
 * One of a broker's log directories in one incarnation: the logs in it, its checkpoints and its clean-shutdown marker. The
 * first operation that fails takes it offline for as long as the process lives, whatever becomes of the disk (KIP-112).
 */
export class LogDirectory implements LogHome {
  /** Its place in `log.dirs`, from 0. */
  readonly index: number
  readonly name: string
  readonly files: Directory
  private readonly env: Env
  private readonly listener: LogDirectoryListener | null
  private readonly cleanShutdownFile: AtomicFile<number>
  private readonly recoveryPoints: OffsetCheckpoint
  private readonly highWatermarks: OffsetCheckpoint
  private readonly logStartOffsets: OffsetCheckpoint
  private readonly cleanerOffsets: OffsetCheckpoint
  private readonly all: PartitionLog[] = []
  private readonly tps: number[] = []
  private online = true
  /** Where it could not be read: partitions that lie in it, which the metadata tells. */
  unread: readonly number[] = []

  constructor(env: Env, index: number, name: string, files: Directory, listener: LogDirectoryListener | null) {
    this.env = env
    this.index = index
    this.name = name
    this.files = files
    this.listener = listener
    this.cleanShutdownFile = files.atomicFile(LogFile.cleanShutdown, 0)
    this.recoveryPoints = new OffsetCheckpoint(files.atomicFile(LogFile.recoveryPoints, 0))
    this.highWatermarks = new OffsetCheckpoint(files.atomicFile(LogFile.highWatermarks, 0))
    this.logStartOffsets = new OffsetCheckpoint(files.atomicFile(LogFile.logStartOffsets, 0))
    this.cleanerOffsets = new OffsetCheckpoint(files.atomicFile(LogFile.cleanerOffsets, 0))
  }

  /** Its logs, in the order in which they were opened. */
  get logs(): readonly PartitionLog[] {
    return this.all
  }

  get isOnline(): boolean {
    return this.online
  }

  /** Partitions with a log in it. */
  get held(): readonly number[] {
    return this.tps.length === 0 ? this.unread : this.tps
  }

  /**
   * Whether all of these operations succeed now (`UnifiedLog.maybeHandleIOException`). If one does not, the directory is
   * offline from here on, and whoever asked answers KAFKA_STORAGE_ERROR.
   */
  admits(operations: number): boolean {
    if (!this.online) return false
    if (!this.files.failures.fails(operations)) return true
    this.online = false
    const failed = WORDS.find(([bit]) => (bit & operations) !== 0 && this.files.failures.fails(bit))?.[1] ?? ''
    const { recorder } = this.env
    this.env.emit(M.logDirFailed, recorder.text(this.name), recorder.text(failed))
    this.listener?.onDirectoryFailed(this)
    return false
  }

  /** Broker epoch of the process that stopped in good order before this one; -1 when it did not. */
  get cleanBrokerEpoch(): number {
    return this.cleanShutdownFile.read() ?? -1
  }

  /** A crash from here on is an unclean shutdown. Returns whether the last one was clean. */
  beginLoading(): boolean {
    const wasClean = this.cleanShutdownFile.read() !== null
    this.cleanShutdownFile.remove()
    return wasClean
  }

  add(log: PartitionLog): void {
    this.all.push(log)
    this.tps.push(log.tp)
  }

  /** The log is given away: with its files, unless the directory has failed. */
  remove(log: PartitionLog): void {
    const at = this.all.indexOf(log)
    if (at < 0) return
    this.all.splice(at, 1)
    this.tps.splice(at, 1)
    if (!this.online) return
    removeLogFiles(this.files, log.tp)
    this.checkpointRecoveryPoints()
    this.checkpointLogStartOffsets()
    this.checkpointCleaner()
  }

  // --- checkpoints --------------------------------------------------------------------------------------------------

  checkpointsOf(tp: number): LogCheckpoints {
    return {
      recoveryPoint: this.recoveryPoints.read(tp),
      highWatermark: this.highWatermarks.read(tp),
      logStartOffset: this.logStartOffsets.read(tp),
      firstDirtyOffset: this.cleanerOffsets.read(tp),
    }
  }

  checkpointHighWatermarks(): void {
    if (this.all.length > 0) this.checkpoint(this.highWatermarks, (log) => log.highWatermark)
  }

  checkpointRecoveryPoints(): void {
    this.checkpoint(this.recoveryPoints, (log) => log.recoveryPoint)
  }

  checkpointLogStartOffsets(): void {
    this.checkpoint(this.logStartOffsets, (log) => log.logStartOffset)
  }

  checkpointCleaner(): void {
    this.checkpoint(this.cleanerOffsets, (log) => log.upkeep.firstDirtyOffset)
  }

  private checkpoint(file: OffsetCheckpoint, offsetOf: (log: PartitionLog) => number): void {
    if (this.admits(CHECKPOINT)) file.write(this.tps, this.all.map(offsetOf))
  }

  /**
   * The directory's part of a clean shutdown: everything flushed and checkpointed, the marker last. A directory where that
   * fails is left without a marker.
   */
  cleanShutdown(brokerEpoch: number): void {
    for (const log of this.all) log.close()
    this.checkpointRecoveryPoints()
    this.checkpointLogStartOffsets()
    if (this.admits(CHECKPOINT)) this.cleanShutdownFile.write(brokerEpoch)
  }
}
