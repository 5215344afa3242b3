import { M } from '../../history/catalogue.ts'
import { topicIdOf } from '../../history/ids.ts'
import { ms } from '../../kernel/time.ts'
import type { Directory } from '../../storage/directory.ts'
import type { Disk } from '../../storage/disk.ts'
import { IoOperation } from '../../storage/io-failures.ts'
import type { Env } from '../env.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import { CleanerThread } from './cleaner-thread.ts'
import { type CleanerSwitches, CURRENT_CLEANER } from './log-cleaner.ts'
import { logDirNames } from './log-dir-names.ts'
import { LogDirectory, type LogDirectoryListener } from './log-directory.ts'
import { LogFile, openLogFiles } from './log-files.ts'
import { emitLoaded, loadLog } from './log-loader.ts'
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
 * The logs of one broker in one incarnation (`LogManager`): finds them in its directories, creates new ones, has the
 * checkpoints written that a restart begins with.
 */
export class LogManager implements LogListener {
  /** Broker epoch of the process that stopped in good order before this one; -1 when it did not, or not all can be read. */
  readonly previousBrokerEpoch: number
  /** In the order of `log.dirs`. */
  readonly directories: readonly LogDirectory[]
  private readonly env: Env
  private readonly config: BrokerConfig
  private readonly producerRules: ProducerRules
  private readonly cleaner: CleanerSwitches
  private readonly byTp: Map<number, PartitionLog> = new Map()
  private readonly all: PartitionLog[] = []
  /** Partitions whose flush timer runs. */
  private readonly flushTimers: Set<number> = new Set()
  /** From the loading on. */
  private retention: RetentionCheck | null = null
  private cleaning: CleanerThread | null = null

  /**
   * Opens the disk; nothing is read but the clean-shutdown markers until {@link load}.
   *
   * @param switches rules of the profile about producers: Kafka's current ones unless told otherwise
   * @param listener told of directories that fail
   * @param cleaner rules of the profile about compaction
   */
  constructor(
    env: Env,
    disk: Disk,
    config: BrokerConfig,
    switches: ProducerSwitches = CURRENT_SWITCHES,
    listener: LogDirectoryListener | null = null,
    cleaner: CleanerSwitches = CURRENT_CLEANER,
  ) {
    this.env = env
    this.config = config
    this.cleaner = cleaner
    this.producerRules = {
      ...switches,
      expirationMs: config['producer.id.expiration.ms'],
      verifies: switches.verifies && config['transaction.partition.verification.enable'],
    }
    this.directories = logDirNames(config).map(
      (name, index) => new LogDirectory(env, index, name, disk.directories[index] as Directory, listener),
    )
    this.previousBrokerEpoch = brokerEpochOf(this.directories)
  }

  /**
   * Loads every log that can be read and begins the periodic work. The clean-shutdown markers are removed first, so that a
   * crash from here on is an unclean shutdown. Recovery writes, too. Once per incarnation.
   */
  load(configs: TopicConfigs): void {
    this.retention = new RetentionCheck(this.env, this.config)
    this.cleaning = new CleanerThread(this.env, this.config, this.cleaner)
    for (const directory of this.directories) this.loadDirectory(directory, configs)
    const { config, env } = this
    env.setTimer(LogTimer.highWatermarkCheckpoint, ms(config['replica.high.watermark.checkpoint.interval.ms']))
    env.setTimer(LogTimer.recoveryPointCheckpoint, ms(config['log.flush.offset.checkpoint.interval.ms']))
    env.setTimer(LogTimer.logStartOffsetCheckpoint, ms(config['log.flush.start.offset.checkpoint.interval.ms']))
    env.setTimer(LogTimer.producerExpiration, ms(config['producer.id.expiration.check.interval.ms']))
  }

  private loadDirectory(directory: LogDirectory, configs: TopicConfigs): void {
    const needed = directory.cleanBrokerEpoch >= 0 ? IoOperation.read : IoOperation.read | IoOperation.write
    const { files } = directory
    const isIdle = (tp: number): boolean => configs.isInternal?.(topicIdOf(tp)) === true && isEmpty(files, tp)
    const held = files.keysOf(LogFile.segment).filter((tp) => !isIdle(tp))
    if (!directory.admits(needed)) {
      directory.unread = held
      return
    }
    const hadCleanShutdown = directory.beginLoading()
    for (const tp of held) {
      const log = this.open(directory, tp, configs.topicConfig(topicIdOf(tp)), hadCleanShutdown)
      emitLoaded(this.env, log, hadCleanShutdown)
    }
  }

  get(tp: number): PartitionLog | undefined {
    return this.byTp.get(tp)
  }

  /** All logs: those found on the disk by tp, then the others as they were created. */
  get logs(): readonly PartitionLog[] {
    return this.all
  }

  /** Whether the partition has a log that is online, or may be given one: there is a directory that can be written. */
  admits(tp: number): boolean {
    return this.byTp.get(tp)?.io.isOnline ?? (!this.isOffline(tp) && this.placeFor() !== null)
  }

  /** Whether a log of the partition lies in a directory that failed, so that no other may be made. */
  isOffline(tp: number): boolean {
    return this.directories.some((directory) => !directory.isOnline && directory.held.includes(tp))
  }

  /** Every partition with a log in a directory that failed. */
  offlineReplicas(): readonly number[] {
    return this.directories.filter(({ isOnline }) => !isOnline).flatMap(({ held }) => held)
  }

  /** The partition's log, an empty one if there is none yet. Ask {@link admits} where a disk may fail. */
  getOrCreate(tp: number, config: TopicConfig): PartitionLog {
    if (this.retention === null) throw new Error('a log was asked for before the logs were loaded')
    const known = this.byTp.get(tp)
    if (known !== undefined) return known
    const directory = this.placeFor()
    if (directory === null) throw new Error('a log was asked for, and no directory is left')
    // A new log has nothing to recover, whatever became of the others.
    return this.open(directory, tp, config, true)
  }

  /** `LogManager.nextLogDirs`: the directory with the fewest logs that takes one more; null = none does. */
  private placeFor(): LogDirectory | null {
    let best: LogDirectory | null = null
    for (const directory of this.directories) {
      const isBetter = best === null || directory.logs.length < best.logs.length
      if (isBetter && directory.admits(IoOperation.write)) best = directory
    }
    return best
  }

  /**
   * Gives a log away (`LogManager.asyncDelete`): its directory gets another name, which is safe on the disk at once, so nothing
   * of it is ever found again, and the checkpoints that speak of it are written anew; that of high watermarks in its time. In a
   * log directory that has failed the files stay, to be found at the next start.
   *
   * @param stray whether it was found to belong to no replica of this broker (`LogManager.isStrayKraftReplica`).
   */
  remove(tp: number, stray: boolean): void {
    const log = this.byTp.get(tp)
    if (log === undefined) return
    this.byTp.delete(tp)
    this.all.splice(this.all.indexOf(log), 1)
    const isDeleted = log.io.admitsWrite()
    for (const directory of this.directories) directory.remove(log)
    if (isDeleted) this.env.emit(M.logDeleted, tp, log.logEndOffset, stray ? 1 : 0)
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
        for (const directory of this.directories) directory.checkpointHighWatermarks()
        this.retention?.lookAhead(this.all, LogTimer.retention)
        env.setTimer(kind, ms(config['replica.high.watermark.checkpoint.interval.ms']))
        return true
      case LogTimer.recoveryPointCheckpoint:
        this.checkpointRecoveryPoints()
        env.setTimer(kind, ms(config['log.flush.offset.checkpoint.interval.ms']))
        return true
      case LogTimer.logStartOffsetCheckpoint:
        for (const directory of this.directories) directory.checkpointLogStartOffsets()
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
        for (const directory of this.directories) directory.checkpointCleaner()
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

  private checkpointRecoveryPoints(): void {
    for (const directory of this.directories) directory.checkpointRecoveryPoints()
  }

  /**
   * The logs' part of a clean shutdown: everything flushed and checkpointed, the markers last. A process that never loaded
   * its logs leaves the disk as it found it.
   */
  cleanShutdown(brokerEpoch: number): void {
    if (this.retention === null) return
    for (const directory of this.directories) directory.checkpointHighWatermarks()
    for (const directory of this.directories) directory.cleanShutdown(brokerEpoch)
  }

  private open(directory: LogDirectory, tp: number, config: TopicConfig, hadCleanShutdown: boolean): PartitionLog {
    const options = {
      config,
      producerRules: this.producerRules,
      hadCleanShutdown,
      checkpoints: directory.checkpointsOf(tp),
      home: directory,
    }
    const log = loadLog(this.env, tp, openLogFiles(directory.files, tp), options, this)
    this.byTp.set(tp, log)
    this.all.push(log)
    directory.add(log)
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
}

function isEmpty(files: Directory, tp: number): boolean {
  const file = files.appendFile(LogFile.segment, tp)
  if (file.length === 0) file.cutTornTail()
  return file.length === 0
}

/** `readBrokerEpochFromCleanShutdownFiles`: what all markers agree on; -1 when one is missing, or its directory. */
function brokerEpochOf(directories: readonly LogDirectory[]): number {
  const [first] = directories
  const epoch = first === undefined ? -1 : first.cleanBrokerEpoch
  const agrees = ({ files, cleanBrokerEpoch }: LogDirectory): boolean =>
    cleanBrokerEpoch === epoch && !files.failures.fails(IoOperation.read)
  return directories.every(agrees) ? epoch : -1
}
