import { M } from '../../history/catalogue.ts'
import { topicIdOf } from '../../history/ids.ts'
import { ms } from '../../kernel/time.ts'
import type { AtomicFile } from '../../storage/atomic-file.ts'
import type { Disk } from '../../storage/disk.ts'
import type { Env } from '../env.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import { CleanerThread } from './cleaner-thread.ts'
import { LogFile, openLogFiles, removeLogFiles } from './log-files.ts'
import { emitLoaded, loadLog } from './log-loader.ts'
import { OffsetCheckpoint } from './offset-checkpoint.ts'
import type { LogListener } from './log-parts.ts'
import type { PartitionLog } from './partition-log.ts'
import { CURRENT_SWITCHES, type ProducerRules, type ProducerSwitches } from './producer-state.ts'
import { RetentionCheck } from './retention-check.ts'

/** Timers of the logs; a broker hands kinds 40..49 to {@link LogManager.onTimer}. */
export const LogTimer = {
  highWatermarkCheckpoint: 40,
  recoveryPointCheckpoint: 41,
  logStartOffsetCheckpoint: 42,
  producerExpiration: 43,
  /** `flush.ms` of one partition; a = its tp. */
  flush: 44,
  retention: 45,
  cleaner: 46,
} as const

/** Topic settings by topic id: the broker's metadata. */
export interface TopicConfigs {
  topicConfig(topicId: number): TopicConfig
  /** Whether it is one of Kafka's own topics: their empty logs are opened when they are needed. */
  isInternal?(topicId: number): boolean
}

/**
 * The logs of one broker in one incarnation (`LogManager`): finds them on the disk, creates new ones, writes the
 * checkpoints that a restart begins with.
 */
export class LogManager implements LogListener {
  /** Broker epoch of the process that stopped in good order before this one; -1 when it did not. */
  readonly previousBrokerEpoch: number
  private readonly env: Env
  private readonly disk: Disk
  private readonly config: BrokerConfig
  private readonly producerRules: ProducerRules
  private readonly cleanShutdownFile: AtomicFile<number>
  private readonly recoveryPoints: OffsetCheckpoint
  private readonly highWatermarks: OffsetCheckpoint
  private readonly logStartOffsets: OffsetCheckpoint
  private readonly cleanerOffsets: OffsetCheckpoint
  private readonly byTp: Map<number, PartitionLog> = new Map()
  private readonly all: PartitionLog[] = []
  private readonly tps: number[] = []
  /** Partitions whose flush timer runs. */
  private readonly flushTimers: Set<number> = new Set()
  /** From the loading on. */
  private retention: RetentionCheck | null = null
  private cleaning: CleanerThread | null = null

  /**
   * Opens the disk; nothing is read but the clean-shutdown marker until {@link load}.
   *
   * @param switches rules of the profile about producers: Kafka's current ones unless told otherwise
   */
  constructor(env: Env, disk: Disk, config: BrokerConfig, switches: ProducerSwitches = CURRENT_SWITCHES) {
    this.env = env
    this.disk = disk
    this.config = config
    this.producerRules = {
      ...switches,
      expirationMs: config['producer.id.expiration.ms'],
      verifies: switches.verifies && config['transaction.partition.verification.enable'],
    }
    this.cleanShutdownFile = disk.atomicFile(LogFile.cleanShutdown, 0)
    this.previousBrokerEpoch = this.cleanShutdownFile.read() ?? -1
    this.recoveryPoints = new OffsetCheckpoint(disk.atomicFile(LogFile.recoveryPoints, 0))
    this.highWatermarks = new OffsetCheckpoint(disk.atomicFile(LogFile.highWatermarks, 0))
    this.logStartOffsets = new OffsetCheckpoint(disk.atomicFile(LogFile.logStartOffsets, 0))
    this.cleanerOffsets = new OffsetCheckpoint(disk.atomicFile(LogFile.cleanerOffsets, 0))
  }

  /**
   * Loads every log on the disk and begins the periodic work. The clean-shutdown marker is removed first, so that a crash
   * from here on is an unclean shutdown. Once per incarnation.
   */
  load(configs: TopicConfigs): void {
    this.retention = new RetentionCheck(this.env, this.config)
    this.cleaning = new CleanerThread(this.env, this.config)
    const hadCleanShutdown = this.cleanShutdownFile.read() !== null
    this.cleanShutdownFile.remove()
    for (const tp of this.disk.keysOf(LogFile.segment)) {
      if (configs.isInternal?.(topicIdOf(tp)) === true && this.isEmpty(tp)) continue
      const log = this.open(tp, configs.topicConfig(topicIdOf(tp)), hadCleanShutdown)
      emitLoaded(this.env, log, hadCleanShutdown)
    }
    const { config, env } = this
    env.setTimer(LogTimer.highWatermarkCheckpoint, ms(config['replica.high.watermark.checkpoint.interval.ms']))
    env.setTimer(LogTimer.recoveryPointCheckpoint, ms(config['log.flush.offset.checkpoint.interval.ms']))
    env.setTimer(LogTimer.logStartOffsetCheckpoint, ms(config['log.flush.start.offset.checkpoint.interval.ms']))
    env.setTimer(LogTimer.producerExpiration, ms(config['producer.id.expiration.check.interval.ms']))
  }

  private isEmpty(tp: number): boolean {
    const file = this.disk.appendFile(LogFile.segment, tp)
    if (file.length === 0) file.cutTornTail()
    return file.length === 0
  }

  get(tp: number): PartitionLog | undefined {
    return this.byTp.get(tp)
  }

  /** All logs: those found on the disk by tp, then the others as they were created. */
  get logs(): readonly PartitionLog[] {
    return this.all
  }

  /** The partition's log, an empty one if there is none yet. */
  getOrCreate(tp: number, config: TopicConfig): PartitionLog {
    if (this.retention === null) throw new Error('a log was asked for before the logs were loaded')
    // A new log has nothing to recover, whatever became of the others.
    return this.byTp.get(tp) ?? this.open(tp, config, true)
  }

  /**
   * Gives a log away (`LogManager.asyncDelete`): its directory gets another name, which is safe on the disk at once, so nothing
   * of it is ever found again, and the checkpoints that speak of it are written anew; that of high watermarks in its time.
   *
   * @param stray whether it was found to belong to no replica of this broker (`LogManager.isStrayKraftReplica`).
   */
  remove(tp: number, stray: boolean): void {
    const log = this.byTp.get(tp)
    if (log === undefined) return
    this.byTp.delete(tp)
    const at = this.tps.indexOf(tp)
    this.all.splice(at, 1)
    this.tps.splice(at, 1)
    removeLogFiles(this.disk, tp)
    this.checkpointRecoveryPoints()
    this.checkpointLogStartOffsets()
    this.checkpointCleanerOffsets()
    this.env.emit(M.logDeleted, tp, log.logEndOffset, stray ? 1 : 0)
  }

  /** A topic's settings changed. */
  configure(tp: number, config: TopicConfig): void {
    this.byTp.get(tp)?.configure(config)
    this.retention?.onConfig(config, LogTimer.retention)
    this.keepFlushing(tp)
  }

  /** True when the timer was one of the logs'. */
  onTimer(kind: number, a: number, _b: number): boolean {
    const { config, env } = this
    switch (kind) {
      case LogTimer.highWatermarkCheckpoint:
        this.checkpointHighWatermarks()
        this.retention?.lookAhead(this.all, LogTimer.retention)
        env.setTimer(kind, ms(config['replica.high.watermark.checkpoint.interval.ms']))
        return true
      case LogTimer.recoveryPointCheckpoint:
        this.checkpointRecoveryPoints()
        env.setTimer(kind, ms(config['log.flush.offset.checkpoint.interval.ms']))
        return true
      case LogTimer.logStartOffsetCheckpoint:
        this.checkpointLogStartOffsets()
        env.setTimer(kind, ms(config['log.flush.start.offset.checkpoint.interval.ms']))
        return true
      case LogTimer.producerExpiration:
        for (const log of this.all) log.removeExpiredProducers()
        env.setTimer(kind, ms(config['producer.id.expiration.check.interval.ms']))
        return true
      case LogTimer.retention:
        this.retention?.onTimer(this.all, kind)
        return true
      case LogTimer.cleaner:
        this.cleaning?.onTimer(this.all, kind)
        this.checkpointCleanerOffsets()
        return true
      case LogTimer.flush:
        this.flushTimers.delete(a)
        this.byTp.get(a)?.flushIfDue()
        this.keepFlushing(a)
        return true
      default:
        return false
    }
  }

  /** A log was cut: its recovery point must not point behind its end after a restart (`LogManager.truncateTo`). */
  onTruncated(): void {
    this.checkpointRecoveryPoints()
  }

  onRolled(): void {
    this.cleaning?.begin(LogTimer.cleaner)
  }

  /**
   * The logs' part of a clean shutdown: everything flushed and checkpointed, the marker last. A process that never loaded
   * its logs leaves the disk as it found it.
   */
  cleanShutdown(brokerEpoch: number): void {
    if (this.retention === null) return
    this.checkpointHighWatermarks()
    for (const log of this.all) log.close()
    this.checkpointRecoveryPoints()
    this.checkpointLogStartOffsets()
    this.cleanShutdownFile.write(brokerEpoch)
  }

  private open(tp: number, config: TopicConfig, hadCleanShutdown: boolean): PartitionLog {
    const checkpoints = {
      recoveryPoint: this.recoveryPoints.read(tp),
      highWatermark: this.highWatermarks.read(tp),
      logStartOffset: this.logStartOffsets.read(tp),
      firstDirtyOffset: this.cleanerOffsets.read(tp),
    }
    const options = { config, producerRules: this.producerRules, hadCleanShutdown, checkpoints }
    const log = loadLog(this.env, tp, openLogFiles(this.disk, tp), options, this)
    this.byTp.set(tp, log)
    this.all.push(log)
    this.tps.push(tp)
    this.retention?.onConfig(config, LogTimer.retention)
    if (log.hasSegments) this.cleaning?.begin(LogTimer.cleaner)
    this.keepFlushing(tp)
    return log
  }

  /**
   * Runs the flush timer of a partition with `flush.ms`: every `flush.ms`, as if `log.flush.scheduler.interval.ms` were
   * that, which in Kafka must be set for `flush.ms` to have an effect.
   */
  private keepFlushing(tp: number): void {
    const interval = this.byTp.get(tp)?.flushInterval ?? Number.MAX_SAFE_INTEGER
    if (interval >= Number.MAX_SAFE_INTEGER || this.flushTimers.has(tp)) return
    this.flushTimers.add(tp)
    this.env.setTimer(LogTimer.flush, Math.max(interval, ms(1)), tp)
  }

  private checkpointHighWatermarks(): void {
    this.highWatermarks.write(
      this.tps,
      this.all.map((log) => log.highWatermark),
    )
  }

  private checkpointRecoveryPoints(): void {
    this.recoveryPoints.write(
      this.tps,
      this.all.map((log) => log.recoveryPoint),
    )
  }

  private checkpointLogStartOffsets(): void {
    this.logStartOffsets.write(
      this.tps,
      this.all.map((log) => log.logStartOffset),
    )
  }

  private checkpointCleanerOffsets(): void {
    this.cleanerOffsets.write(
      this.tps,
      this.all.map((log) => log.upkeep.firstDirtyOffset),
    )
  }
}
