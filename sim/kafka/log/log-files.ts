import type { AppendFile } from '../../storage/append-file.ts'
import type { AtomicFile } from '../../storage/atomic-file.ts'
import type { Directory } from '../../storage/directory.ts'
import type { LogEntry } from '../protocol/batch.ts'
import type { EpochEntry } from './leader-epoch-cache.ts'
import type { ProducerSnapshot } from './producer-snapshots.ts'
import type { AbortedTxn } from './transaction-index.ts'

/** What a broker keeps on its disk: purposes of its files. Those of a partition have its `tp` as key, the others 0. */
export const LogFile = {
  /** The log's segments, one behind the other. */
  segment: 1,
  /** First offset that each segment can hold, which Kafka writes into the file's name; absent = one from 0. */
  segmentBaseOffsets: 2,
  /** `leader-epoch-checkpoint` */
  leaderEpochs: 3,
  /** `<offset>.snapshot` */
  producerSnapshots: 4,
  /** `recovery-point-offset-checkpoint` */
  recoveryPoints: 5,
  /** `replication-offset-checkpoint` */
  highWatermarks: 6,
  /** `log-start-offset-checkpoint` */
  logStartOffsets: 7,
  /** `.kafka_cleanshutdown` */
  cleanShutdown: 8,
  /** `<offset>.txnindex` */
  transactionIndex: 9,
  /** `cleaner-offset-checkpoint` */
  cleanerOffsets: 10,
} as const

/** The files of one partition's directory. */
export interface LogFiles {
  readonly segment: AppendFile<LogEntry>
  readonly segmentBaseOffsets: AtomicFile<readonly number[]>
  readonly leaderEpochs: AtomicFile<readonly EpochEntry[]>
  readonly producerSnapshots: AtomicFile<readonly ProducerSnapshot[]>
  readonly transactionIndex: AtomicFile<readonly AbortedTxn[]>
}

/** Opens a partition's files, empty if they do not exist. */
export function openLogFiles(directory: Directory, tp: number): LogFiles {
  return {
    segment: directory.appendFile(LogFile.segment, tp),
    segmentBaseOffsets: directory.atomicFile(LogFile.segmentBaseOffsets, tp),
    leaderEpochs: directory.atomicFile(LogFile.leaderEpochs, tp),
    producerSnapshots: directory.atomicFile(LogFile.producerSnapshots, tp),
    transactionIndex: directory.atomicFile(LogFile.transactionIndex, tp),
  }
}

/** Removes a partition's directory. */
export function removeLogFiles(directory: Directory, tp: number): void {
  directory.remove(LogFile.segment, tp)
  directory.remove(LogFile.segmentBaseOffsets, tp)
  directory.remove(LogFile.leaderEpochs, tp)
  directory.remove(LogFile.producerSnapshots, tp)
  directory.remove(LogFile.transactionIndex, tp)
}
