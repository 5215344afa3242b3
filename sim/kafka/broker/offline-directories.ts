import type { BrokerHeartbeatRequest } from '../protocol/messages.ts'

/** What a heartbeat tells of log directories that failed; nothing while none has. */
export interface OfflineNews {
  readonly offlineLogDirs?: readonly number[]
  readonly offlineReplicas?: readonly number[]
}

const NO_NEWS: OfflineNews = {}

/**
 * The log directories that failed in this process, and whether the controller knows (`BrokerLifecycleManager.offlineDirs`,
 * KIP-858): every heartbeat names them all.
 */
export class OfflineDirectories {
  /** In the order in which they failed. */
  private readonly directories: number[] = []
  private readonly known: Set<number> = new Set()
  private replicas: readonly number[] = []

  /** A directory has failed; `replicas` are all that lie in failed ones. */
  add(directory: number, replicas: readonly number[]): void {
    if (!this.directories.includes(directory)) this.directories.push(directory)
    this.replicas = replicas
  }

  isKnown(directory: number): boolean {
    return this.known.has(directory)
  }

  /** Whether the controller knows of every one. */
  get areKnown(): boolean {
    return this.known.size === this.directories.length
  }

  news(): OfflineNews {
    if (this.directories.length === 0) return NO_NEWS
    return { offlineLogDirs: [...this.directories], offlineReplicas: this.replicas }
  }

  /** The controller has taken a heartbeat. */
  onHeard({ offlineLogDirs = [] }: BrokerHeartbeatRequest): void {
    for (const directory of offlineLogDirs) this.known.add(directory)
  }
}
