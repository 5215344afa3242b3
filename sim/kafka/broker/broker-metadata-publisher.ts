import { M } from '../../history/catalogue.ts'
import { topicIdOf } from '../../history/ids.ts'
import type { Env } from '../env.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { BrokerParts } from './broker-parts.ts'
import type { PartitionMetadata } from './metadata-cache.ts'

/** Hears who leads the partitions of its topic. */
interface Coordinator {
  onElection(tp: number, epoch: number): void
  onResignation(tp: number, epoch: number): void
}

/** `BrokerMetadataPublisher`: what the metadata log says becomes roles of replicas and of coordinators. */
export class BrokerMetadataPublisher {
  private readonly env: Env
  private readonly broker: number
  private readonly parts: BrokerParts
  private installed = false

  constructor(env: Env, broker: number, parts: BrokerParts) {
    this.env = env
    this.broker = broker
    this.parts = parts
  }

  /** Whether the initial catch-up is over; before it the broker takes no requests. */
  get isInstalled(): boolean {
    return this.installed
  }

  /** `onMetadataUpdate` */
  onMetadata(records: readonly MetadataRecord[], chain: number): void {
    const { metadata } = this.parts
    const touched = metadata.apply(records)
    this.env.emit(M.metadataApplied, metadata.nextOffset, chain)
    if (this.installed) this.publish(touched)
  }

  /**
   * The initial catch-up is over (`BrokerLifecycleManager.initialCatchUpFuture`): only now are the publishers installed, so
   * that a restarted broker takes no role from metadata of its previous life, and requests are taken.
   */
  install(): void {
    this.installed = true
    this.parts.replicas.removeStrays()
    this.publish([...this.parts.metadata.partitions.keys()])
  }

  /** Replicas take their roles first, then the coordinators hear of their partitions (`updateCoordinator`). */
  private publish(touched: readonly number[]): void {
    const { replicas, shares, groups, metadata } = this.parts
    replicas.applyDelta(touched)
    shares.onMetadata(touched)
    this.updateCoordinators(touched)
    const deleted = metadata.takeDeleted()
    if (deleted.length > 0) groups.onPartitionsDeleted(deleted)
    // Settings come after roles (`dynamicConfigPublisher`).
    for (const topicId of metadata.takeAltered()) this.configure(topicId)
  }

  private updateCoordinators(touched: readonly number[]): void {
    const { groups, transactions, shareStates, metadata } = this.parts
    const { offsetsTopicId, transactionsTopicId, shareStateTopicId } = metadata
    if (shareStateTopicId >= 0) this.updateCoordinator(shareStates, shareStateTopicId, touched)
    if (offsetsTopicId >= 0) this.updateCoordinator(groups, offsetsTopicId, touched)
    if (transactionsTopicId < 0) return
    this.updateCoordinator(transactions, transactionsTopicId, touched)
    transactions.onMetadata()
  }

  private configure(topicId: number): void {
    const { metadata, replicas } = this.parts
    const config = replicas.configure(topicId)
    const name = this.env.recorder.text(metadata.topics.get(topicId)?.name ?? '')
    const unclean = config['unclean.leader.election.enable'] ? 1 : 0
    this.env.emit(M.configApplied, name, topicId, config['min.insync.replicas'], unclean)
  }

  private updateCoordinator(coordinator: Coordinator, topicId: number, touched: readonly number[]): void {
    for (const tp of touched) {
      if (topicIdOf(tp) !== topicId) continue
      const { leader, leaderEpoch } = this.parts.metadata.partitions.get(tp) as PartitionMetadata
      if (leader === this.broker) coordinator.onElection(tp, leaderEpoch)
      else coordinator.onResignation(tp, leaderEpoch)
    }
  }
}
