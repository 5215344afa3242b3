import type { FaultHost } from './faults/host.ts'
import type { AlteredTopic, CorruptedLog, CorruptionMatch } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { tpOf } from './history/ids.ts'
import type { Recorder } from './history/recorder.ts'
import {
  ALTER_CONFIG,
  CREATE_PARTITIONS,
  CREATE_TOPIC,
  DELETE_TOPIC,
  ELECT_LEADER,
  MOVE_LEADER,
  REASSIGN,
} from './kafka/controller/operator-requests.ts'
import { OFFSETS_TOPIC, TRANSACTIONS_TOPIC } from './kafka/broker/metadata-cache.ts'
import { corrupt } from './kafka/log/corruption.ts'
import { partitionFor } from './kafka/group/partition-for.ts'
import { DOWN, type Kernel, type NodeSlot, PAUSED, RUNNING, SIGNAL_EVENT } from './kernel/kernel.ts'
import { samplerOf } from './kernel/sampler.ts'
import type { Spread } from './kernel/spread.ts'
import type { NodeLayout } from './layout.ts'
import { SHUT_DOWN } from './network/connection.ts'
import type { Network } from './network/network.ts'
import type { Settlement } from './settlement.ts'
import { WorldDisks } from './world-disks.ts'
import type { WorldNodes } from './world-nodes.ts'

/** Life and death of nodes: what faults do to them, and what the operating system and the disk make of it. */
export class WorldLife implements FaultHost {
  readonly kernel: Kernel
  readonly network: Network
  readonly recorder: Recorder
  readonly nodeNames: readonly string[]
  private readonly layout: readonly NodeLayout[]
  private readonly nodes: WorldNodes
  private readonly settlement: Settlement
  readonly disks: WorldDisks

  constructor(
    kernel: Kernel,
    network: Network,
    recorder: Recorder,
    layout: readonly NodeLayout[],
    nodes: WorldNodes,
    settlement: Settlement,
  ) {
    this.kernel = kernel
    this.network = network
    this.recorder = recorder
    this.layout = layout
    this.nodeNames = layout.map((node) => node.name)
    this.nodes = nodes
    this.settlement = settlement
    this.disks = new WorldDisks(kernel, recorder, layout, nodes)
  }

  crash(node: number): boolean {
    return this.end(node, M.nodeCrashed, false)
  }

  losePower(node: number): boolean {
    const wasUp = this.end(node, M.nodePowerLost, true)
    // A controller's log is flushed with every append; a client keeps its journal elsewhere.
    const lost = this.nodes.disks.get(node)?.losePower(this.kernel) ?? 0
    // A host whose process was down already loses what that had left unflushed.
    if (!wasUp && lost > 0) this.recorder.emit(M.nodePowerLost, node, this.slot(node).incarnation, 0, 0, 0)
    return wasUp || lost > 0
  }

  wipeDisk(node: number): boolean {
    const wasUp = this.end(node, M.nodeCrashed, false)
    this.nodes.disks.get(node)?.wipe()
    this.nodes.readers.stores.get(node)?.wipe()
    this.nodes.readers.stateDirs.get(node)?.wipe()
    if (this.isOnlyController(node)) this.nodes.view.wipe()
    this.recorder.emit(M.diskWiped, node, this.slot(node).incarnation, 0, 0, 0)
    return wasUp
  }

  stop(node: number): boolean {
    if (this.slot(node).state === DOWN) return false
    // A single controller has nothing to hand over: its log is flushed with every append.
    if (this.isOnlyController(node)) this.nodes.exited(node)
    else this.kernel.deliver(node, SIGNAL_EVENT, SHUT_DOWN, 0, 0, null)
    return true
  }

  /** The process ended in good order: its sockets are closed, not reset. */
  exited(node: number): void {
    if (this.slot(node).state === DOWN) return
    this.recorder.emit(M.nodeStopped, node, this.slot(node).incarnation, 0, 0, 0)
    this.network.closeAll(node)
    this.bury(node)
  }

  pause(node: number): boolean {
    if (this.slot(node).state !== RUNNING) return false
    this.recorder.emit(M.nodePaused, node, this.slot(node).incarnation, 0, 0, 0)
    this.kernel.pause(node)
    return true
  }

  resume(node: number): boolean {
    if (this.slot(node).state !== PAUSED) return false
    this.recorder.emit(M.nodeResumed, node, this.slot(node).incarnation, 0, 0, 0)
    this.kernel.resume(node)
    return true
  }

  restart(node: number): boolean {
    this.network.hostUp(node)
    if (this.slot(node).state !== DOWN) return false
    this.nodes.start(node, null)
    if (this.layout[node]?.role === 'controller') this.disks.onMetadataLogGrew(node)
    return true
  }

  slowDisk(node: number, by: Spread): boolean {
    const disk = this.nodes.disks.get(node)
    if (disk === undefined) return false
    disk.beginSlow(samplerOf(by))
    return this.slot(node).state !== DOWN
  }

  endSlowDisk(node: number): void {
    this.nodes.disks.get(node)?.endSlow()
  }

  corrupt(node: number, { log, batch }: CorruptionMatch): boolean {
    const disk = this.nodes.disks.get(node)
    const tp = this.corruptedTp(log)
    if (disk === undefined || tp === null) return false
    const done = corrupt(disk, tp, batch, this.kernel)
    if (done === null) return false
    const { baseOffset, lastOffset } = done.entry
    this.recorder.emit(M.batchCorrupted, node, done.tp, baseOffset, lastOffset, 0)
    return true
  }

  /** -1 = any; null while there is no such partition. */
  private corruptedTp(log: CorruptedLog): number | null {
    switch (log.kind) {
      case 'any':
        return -1
      case 'partition': {
        const found = this.nodes.view.topicNamed(log.topic)
        return found === null || found.partitions <= log.partition ? null : tpOf(found.topicId, log.partition)
      }
      case 'group':
        return this.keptIn(OFFSETS_TOPIC, log.group)
      case 'transactions':
        return this.keptIn(TRANSACTIONS_TOPIC, log.transactionalId)
    }
  }

  failDisk(node: number, operations: number, directory: string | null): void {
    this.disks.fail(node, operations, directory)
  }

  mendDisk(node: number, operations: number, directory: string | null): void {
    this.disks.mend(node, operations, directory)
  }

  isDiskFailing(node: number): boolean {
    return this.disks.isFailing(node)
  }

  isImpaired(node: number): boolean {
    return this.disks.isImpaired(node)
  }

  addPartitions(topic: string, partitions: number): boolean {
    const found = this.nodes.view.topicNamed(topic)
    if (found === null || found.partitions >= partitions || this.activeController() < 0) return false
    this.kernel.deliver(this.activeController(), SIGNAL_EVENT, CREATE_PARTITIONS, found.topicId, partitions, null)
    return true
  }

  electLeader(topic: string, partition: number, election: 'preferred' | 'unclean'): boolean {
    return this.administer(ELECT_LEADER, topic, partition, election === 'unclean' ? 1 : 0)
  }

  moveLeader(topic: string, partition: number, broker: number): boolean {
    return this.administer(MOVE_LEADER, topic, partition, broker)
  }

  alterConfig(altered: AlteredTopic): boolean {
    const controller = this.activeController()
    if (this.nodes.view.topicNamed(altered.topic) === null || controller < 0) return false
    this.kernel.deliver(controller, SIGNAL_EVENT, ALTER_CONFIG, 0, 0, altered)
    return true
  }

  createTopic(topic: string): boolean {
    const controller = this.activeController()
    const wanted = this.nodes.topicToCreate(topic)
    if (wanted === null || controller < 0) return false
    this.kernel.deliver(controller, SIGNAL_EVENT, CREATE_TOPIC, 0, 0, wanted)
    return true
  }

  deleteTopic(topic: string): boolean {
    const controller = this.activeController()
    const found = this.nodes.view.topicNamed(topic)
    if (found === null || controller < 0) return false
    this.kernel.deliver(controller, SIGNAL_EVENT, DELETE_TOPIC, found.topicId, 0, null)
    return true
  }

  reassign(topic: string, partition: number, brokers: readonly number[] | null): boolean {
    return this.administer(REASSIGN, topic, partition, 0, brokers)
  }

  private administer(
    signal: number,
    topic: string,
    partition: number,
    what: number,
    payload: readonly number[] | null = null,
  ): boolean {
    const found = this.nodes.view.topicNamed(topic)
    const controller = this.activeController()
    if (found === null || found.partitions <= partition || controller < 0) return false
    this.kernel.deliver(controller, SIGNAL_EVENT, signal, tpOf(found.topicId, partition), what, payload)
    return true
  }

  isUp(node: number): boolean {
    return this.slot(node).state !== DOWN
  }

  leaderOf(tp: number): number {
    return this.nodes.view.leaderOf(this.nodes.present(tp))
  }

  replicasOf(tp: number): readonly number[] {
    return this.nodes.view.replicasOf(this.nodes.present(tp))
  }

  activeController(): number {
    return this.nodes.view.activeController()
  }

  groupCoordinator(group: string): number {
    return this.coordinator(OFFSETS_TOPIC, group)
  }

  transactionCoordinator(transactionalId: string): number {
    return this.coordinator(TRANSACTIONS_TOPIC, transactionalId)
  }

  private coordinator(name: string, key: string): number {
    const tp = this.keptIn(name, key)
    return tp === null ? -1 : this.leaderOf(tp)
  }

  /** The partition of an internal topic that keeps what a key stands for; null while there is no such topic. */
  private keptIn(name: string, key: string): number | null {
    const topic = this.nodes.view.topicNamed(name)
    return topic === null ? null : tpOf(topic.topicId, partitionFor(key, topic.partitions))
  }

  workInFlight(): boolean {
    return !this.settlement.workDone()
  }

  workDone(): boolean {
    return this.settlement.workDone()
  }

  private end(node: number, moment: number, silent: boolean): boolean {
    const slot = this.slot(node)
    if (slot.state === DOWN) return false
    this.recorder.emit(moment, node, slot.incarnation, 0, 0, 0)
    this.network.nodeDied(node, silent)
    this.bury(node)
    return true
  }

  private bury(node: number): void {
    this.kernel.kill(node)
    if (this.layout[node]?.role === 'controller') this.nodes.view.setProcess(node, null)
  }

  private isOnlyController(node: number): boolean {
    return (
      this.layout[node]?.role === 'controller' && this.layout.filter(({ role }) => role === 'controller').length === 1
    )
  }

  private slot(node: number): NodeSlot {
    return this.kernel.nodes[node] as NodeSlot
  }
}
