import type { Recorder } from '../history/recorder.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Spread } from '../kernel/spread.ts'
import type { Network } from '../network/network.ts'
import type { AlteredTopic, CorruptionMatch } from './plan.ts'

/**
 * What the injector may do to the world, and what it must know to resolve symbolic targets. The world implements it.
 * Every action is idempotent: crashing what is down does nothing and returns false.
 */
export interface FaultHost {
  readonly kernel: Kernel
  readonly network: Network
  readonly recorder: Recorder
  /** Names by node number. */
  readonly nodeNames: readonly string[]

  /** The process dies; what reached the operating system survives; peers get resets. */
  crash(node: number): boolean
  /** The host loses power: unflushed data is lost too; peers get silence. */
  losePower(node: number): boolean
  /** The process dies and its disk is emptied. */
  wipeDisk(node: number): boolean
  /** Asks for a clean shutdown, which takes its time. */
  stop(node: number): boolean
  pause(node: number): boolean
  resume(node: number): boolean
  /** Starts a node that is down, from its disk (after any of the first four). */
  restart(node: number): boolean
  /** Makes every disk operation of the node slower by a sample of the spread; null ends one such fault. */
  slowDisk(node: number, by: Spread): boolean
  endSlowDisk(node: number): void
  /** Changes bytes of a batch on the node's disk, whether it is up or not; false when there is nothing to hit. */
  corrupt(node: number, match: CorruptionMatch): boolean
  /** Makes operations (`IoOperation`) fail in a log directory of the node, or in all; faults add up. */
  failDisk(node: number, operations: number, directory: string | null): void
  /** Ends one such fault. */
  mendDisk(node: number, operations: number, directory: string | null): void
  isDiskFailing(node: number): boolean
  /** Whether a process goes on without a part of its storage, which only its restart brings back. */
  isImpaired(node: number): boolean
  /** Has a topic given more partitions; false when no controller is there to do it. */
  addPartitions(topic: string, partitions: number): boolean
  /** Has a partition's preferred leader elected, or when nobody leads anybody; false when no controller is there to do it. */
  electLeader(topic: string, partition: number, election: 'preferred' | 'unclean'): boolean
  /** Has a replica of a partition lead it; false when no controller is there to do it. */
  moveLeader(topic: string, partition: number, broker: number): boolean
  /** Gives a topic other settings; false when no controller is there to do it, or the topic is not. */
  alterConfig(altered: AlteredTopic): boolean
  /** Makes a topic that the scenario declares; false when it is there, or no controller is there to do it. */
  createTopic(topic: string): boolean
  /** Has a partition moved to other brokers, or with null has that cancelled; false when no controller is there to do it. */
  reassign(topic: string, partition: number, brokers: readonly number[] | null): boolean
  /** Deletes a topic; false when it is not there, or no controller is there to do it. */
  deleteTopic(topic: string): boolean

  isUp(node: number): boolean
  /** Broker that leads the partition by the controller's word, or -1. */
  leaderOf(tp: number): number
  replicasOf(tp: number): readonly number[]
  /** Node of the active controller, or -1. */
  activeController(): number
  /** Broker that coordinates a group by the controller's word, or -1: unknown, or nobody leads. Without it there are no groups. */
  groupCoordinator?(group: string): number
  /** The same for a transactional id. */
  transactionCoordinator?(transactionalId: string): number
  /** Whether any application has work in flight: then a fault matters. */
  workInFlight(): boolean
  /** Whether the workload is done (used by `every` without `times`). */
  workDone(): boolean
}
