import { IoOperation } from '../../storage/io-failures.ts'
import type { Env } from '../env.ts'
import { metadataDirIndex } from '../log/log-dir-names.ts'
import type { LogDirectory, LogDirectoryListener } from '../log/log-directory.ts'
import type { LogManager } from '../log/log-manager.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import type { BrokerLifecycle } from './broker-lifecycle.ts'
import type { ReplicaManager } from './replica-manager.ts'
import { BrokerTimer } from './timers.ts'

/** What a broker reads and writes as an observer of the metadata quorum; only voters flush. */
const METADATA_COPY: number = IoOperation.read | IoOperation.write

/** The process, where it cannot go on. */
export interface HaltingProcess {
  halt(): void
}

/** What must hear of directories that failed. */
export interface LogDirFailureParts {
  readonly logs: LogManager
  readonly replicas: ReplicaManager
  readonly lifecycle: BrokerLifecycle
}

/**
 * `LogDirFailureHandler`: a thread of its own, so between the error and what follows from it others may meet the error,
 * too. Without any directory left, or without the one with the metadata log, the process halts (`Exit.halt`): nothing is
 * flushed, nobody is told.
 */
export class LogDirFailures implements LogDirectoryListener {
  private readonly env: Env
  private readonly metadataDir: number
  private readonly process: HaltingProcess
  private halted = false

  constructor(env: Env, config: BrokerConfig, process: HaltingProcess) {
    this.env = env
    this.metadataDir = metadataDirIndex(config)
    this.process = process
  }

  onDirectoryFailed(directory: LogDirectory): void {
    this.env.setTimer(BrokerTimer.LogDirFailure, 0, directory.index)
  }

  /** The broker has started, or something was appended to the metadata log, which it keeps a copy of. */
  onMetadataWritten(logs: LogManager): void {
    logs.directories[this.metadataDir]?.admits(METADATA_COPY)
  }

  /** Whether the process can go on with the directories that are left; if not, it halts. */
  canGoOn(logs: LogManager): boolean {
    const { directories } = logs
    if (directories[this.metadataDir]?.isOnline === true) return true
    if (!this.halted) this.process.halt()
    this.halted = true
    return false
  }

  /** The handler's turn has come (`ReplicaManager.handleLogDirFailure`): replicas first, then the controller is told. */
  onTimer(index: number, { logs, replicas, lifecycle }: LogDirFailureParts): void {
    if (!this.canGoOn(logs)) return
    replicas.onDirectoryFailed(logs.directories[index] as LogDirectory)
    lifecycle.propagateDirectoryFailure(index, logs.offlineReplicas())
  }
}
