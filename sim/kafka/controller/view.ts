import { NO_LEADER, type PartitionRegistration } from './partition-registration.ts'
import type { ControllerDisk } from './metadata-log.ts'
import { TopicsImage } from './topics-image.ts'

/** A controller's process. */
export interface ControllerProcess {
  /** Whether it decides: it has replayed its log, and of several it leads the quorum. */
  readonly isActive: boolean
  /** Of the quorum. */
  readonly epoch: number
}

/**
 * What the controller has committed, for the fault injector and for reports. It reads the log rather than the process, so it
 * knows the last word of a controller that is down.
 */
export class ControllerView {
  /** By node; the world sets one when it starts, and null when it ends. */
  private readonly processes: Map<number, ControllerProcess | null> = new Map()
  private readonly disk: ControllerDisk
  private topics: TopicsImage = new TopicsImage()
  private generation = 0
  private applied = 0

  constructor(disk: ControllerDisk) {
    this.disk = disk
  }

  /** A controller's process began, or ended (null). */
  setProcess(node: number, process: ControllerProcess | null): void {
    this.processes.set(node, process)
  }

  /** Node of the active controller, the newest if a deposed one does not know yet; -1 = none. */
  activeController(): number {
    let active = -1
    let newest = -1
    for (const [node, process] of this.processes) {
      if (process === null || !process.isActive || process.epoch <= newest) continue
      active = node
      newest = process.epoch
    }
    return active
  }

  /** Broker that leads the partition, or -1: none, or the partition is unknown. */
  leaderOf(tp: number): number {
    return this.partition(tp)?.leader ?? NO_LEADER
  }

  isrOf(tp: number): readonly number[] {
    return this.partition(tp)?.isr ?? []
  }

  /** Eligible leader replicas (KIP-966). */
  elrOf(tp: number): readonly number[] {
    return this.partition(tp)?.elr ?? []
  }

  replicasOf(tp: number): readonly number[] {
    return this.partition(tp)?.replicas ?? []
  }

  /** Id and number of partitions of a topic, also of an internal one; null = it does not exist. */
  topicNamed(name: string): { readonly topicId: number; readonly partitions: number } | null {
    const topic = this.image().named(name)
    return topic === undefined ? null : { topicId: topic.topicId, partitions: topic.partitions.length }
  }

  /** Number of partitions of a topic; 0 = it does not exist. */
  partitionsOf(topicId: number): number {
    return this.image().topic(topicId)?.partitions.length ?? 0
  }

  /** Whether there is or was a topic of this id. */
  wasMade(topicId: number): boolean {
    return this.image().wasMade(topicId)
  }

  /** Undefined when the partition is unknown. */
  partition(tp: number): PartitionRegistration | undefined {
    return this.image().partition(tp)
  }

  /** The disk of the only controller is empty. */
  wipe(): void {
    this.disk.wipe()
  }

  private image(): TopicsImage {
    const { disk } = this
    if (this.generation !== disk.generation) {
      this.generation = disk.generation
      this.topics = new TopicsImage()
      this.applied = 0
    }
    while (this.applied < disk.endOffset) this.topics.replay(disk.recordAt(this.applied++))
    return this.topics
  }
}
