import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import type { Applications } from './applications.ts'
import { Batches } from './batches.ts'
import { castOf } from './cast.ts'
import { Cluster, UNTOLD } from './cluster.ts'
import { CONTROLLER_WORD, keepControllerWord } from './controller-word.ts'
import { Leaderships } from './leaderships.ts'
import type { Names } from './names.ts'
import type { Partitions } from './partitions.ts'
import { Decisions } from './decisions.ts'
import { Ints } from './growable.ts'
import { Records } from './records.ts'
import type { ShadowLog } from './shadow-log.ts'
import { ShadowLogs } from './shadow-logs.ts'
import { ToldTransactions } from './told-transactions.ts'
import type { TransactionOffsets } from './transaction-offsets.ts'
import type { Transactions } from './transactions.ts'

/** What it looks at itself. */
const KINDS: readonly number[] = [
  ...CONTROLLER_WORD,
  M.recordSent,
  M.recordBatched,
  M.produceAcked,
  M.produceFailed,
  M.produceUnknown,
  M.batchRetried,
  M.logAppended,
  M.logTruncated,
  M.logLoaded,
  M.logStartMoved,
  M.logCleaned,
  M.batchCorrupted,
  M.batchRewritten,
  M.logDeleted,
  M.hwAdvanced,
  M.diskWiped,
  M.metadataLost,
  M.leaderBegan,
  M.followerBegan,
  M.brokerRegistered,
  M.nodeStarted,
  M.nodeCrashed,
  M.nodePowerLost,
  M.nodeStopped,
  M.producerRestarted,
  M.runHealing,
  M.markerWritten,
  M.sourceFlushed,
  M.sourceResumed,
]

/**
 * Everything the checkers share, rebuilt from moments alone. It must see a moment before any checker does; what a
 * moment changed is then in the parts, partly as scratch that the next moment overwrites.
 */
export class Shadow implements MomentObserver {
  readonly kinds: readonly number[]
  readonly spec: WorldSpec
  readonly applications: Applications
  readonly names: Names
  readonly partitions: Partitions
  readonly batches: Batches
  readonly records: Records
  readonly transactions: Transactions
  readonly decisions: Decisions
  readonly transactionOffsets: TransactionOffsets
  private readonly told: ToldTransactions
  /** Of the last moment: records that were acknowledged by it, outside transactions or with the end of one. */
  readonly acknowledged: Ints = new Ints()
  readonly logs: ShadowLogs
  readonly cluster: Cluster
  readonly leaderships: Leaderships
  /** Whether the last `hw.advanced` or `leader.began` was about the newest leader. */
  ofNewestLeader = false

  constructor(spec: WorldSpec) {
    this.spec = spec
    const { partitions, applications, names } = castOf(spec)
    this.partitions = partitions.ofRun()
    this.applications = applications
    this.names = names
    this.batches = new Batches()
    this.records = new Records(this.batches)
    this.told = new ToldTransactions(this.records, this.acknowledged)
    this.transactions = this.told.transactions
    this.transactionOffsets = this.told.offsets
    this.logs = new ShadowLogs(this.partitions, this.batches)
    this.kinds = [...KINDS, ...this.told.kinds]
    this.decisions = new Decisions(this.partitions.count, this.logs.entries, this.batches)
    this.cluster = new Cluster(spec, this.partitions)
    this.leaderships = new Leaderships(this.partitions, this.batches, this.logs.entries)
    this.logs.leaderOf = (partition) => this.leaderships.newestNode(partition)
  }

  /** Whether the last `offset.committed` came of a transaction. */
  get ofTransaction(): boolean {
    return this.told.ofTransaction
  }

  onMoment(
    kind: number,
    time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
  ): void {
    switch (kind) {
      case M.logAppended:
        return this.onAppended(time, node, a, b, c, d, e, f, g, h)
      case M.hwAdvanced:
        this.onHighWatermark(time, node, a, b, c, d)
        return
      case M.recordSent:
        return this.onSent(time, node, a, b, c)
      case M.recordBatched:
        return this.records.onBatched(a, b, c, d)
      case M.produceAcked:
        return this.onAcked(time, a, b, c, d)
      case M.produceFailed:
        return this.records.onFailed(a, b)
      case M.produceUnknown:
        return this.records.onUnknown(a, b)
      case M.batchRetried:
        return this.onRetried(time, a, c)
      case M.logTruncated:
        return this.logs.onTruncated(time, node, a, b)
      case M.logStartMoved:
        return this.logs.onStartMoved(time, node, a, b)
      case M.logCleaned:
        return this.logs.onCleaned(node, a, b)
      case M.logDeleted:
        return this.onDeleted(time, node, a)
      case M.batchCorrupted:
        return this.logs.onCorrupted(time, node, a, b)
      case M.batchRewritten:
        return this.logs.onRewritten(node, a, b, c === 1)
      case M.logLoaded:
        return this.onLoaded(time, node, a, b, c)
      case M.leaderBegan:
        return this.onLeaderBegan(time, node, a, b, c, d)
      case M.followerBegan:
        return this.onFollowerBegan(node, a)
      case M.replicasAssigned:
      case M.leaderElected:
      case M.isrChanged:
      case M.isrAdopted:
      case M.configCommitted:
      case M.topicDeleted:
        return keepControllerWord(this.cluster, this.partitions, kind, time, node, a, b, c, d, e, f, g)
      case M.runHealing:
        this.cluster.healingAt = time
        return
      case M.markerWritten:
        return this.onMarker(time, node, a, c, e, g)
      case M.txnBegan:
      case M.txnEnding:
      case M.txnCommitted:
      case M.txnAborted:
      case M.txnUnknown:
      case M.txnFailed:
      case M.txnOffsetsSent:
      case M.offsetPending:
      case M.offsetDropped:
      case M.offsetCommitted:
        return this.told.onMoment(kind, time, node, a, b, c, d, e, f)
      default:
        return this.onNode(kind, time, node, a, c)
    }
  }

  /** `log.appended` */
  onAppended(
    time: number,
    node: number,
    tp: number,
    offset: number,
    last: number,
    epoch: number,
    batchId: number,
    producerId: number,
    flags: number,
    sequence: number,
  ): void {
    const created = this.logs.onAppended(time, node, tp, offset, last, epoch, batchId, producerId, flags, sequence)
    if (!created) return
    const batch = this.logs.batchOf(this.logs.entry)
    const log = this.logs.current
    if (batch < 0 || log === null) return
    const { entries } = this.logs
    // What an old leader appends unaware is part of no transaction: no marker of the newer log is about it.
    if (entries.transactional.at(this.logs.entry) === 1 && epoch >= this.leaderships.newestEpoch(log.partition))
      this.decisions.onData(log.partition, producerId, this.logs.entry)
    this.leaderships.onNewEntry(log.partition, node, epoch, batch)
    this.batches.addCopy(batch, this.logs.entry, this.logs.entries)
  }

  /** `hw.advanced`; returns the log, null for one of a partition that the spec does not declare. */
  onHighWatermark(
    time: number,
    node: number,
    tp: number,
    offset: number,
    epoch: number,
    leader: number,
  ): ShadowLog | null {
    const log = this.logs.onHighWatermark(node, tp, offset)
    this.ofNewestLeader =
      leader !== 0 && log !== null && this.leaderships.onHighWatermark(time, log.partition, log, epoch)
    return log
  }

  /** `produce.acked` */
  onAcked(time: number, id: number, attempt: number, tp: number, offset: number): void {
    this.acknowledged.clear()
    this.records.onAcked(time, id, attempt, this.partitions.indexOf(tp), offset, this.acknowledged)
  }

  /** `record.sent` */
  onSent(time: number, node: number, id: number, attempt: number, tp: number): void {
    const txn = this.transactions.openAt(node)
    this.records.onSent(time, node, id, attempt, this.partitions.indexOf(tp), txn)
    if (txn >= 0) this.transactions.add(txn, this.records.numberOf(id), attempt)
  }

  private onMarker(time: number, node: number, tp: number, producerId: number, commit: number, batchId: number): void {
    const partition = this.partitions.indexOf(tp)
    if (partition < 0) return
    const newest = this.leaderships.newestNode(partition)
    const isOld = newest >= 0 && newest !== node
    const batch = this.batches.numberOf(batchId)
    this.decisions.onMarker(time, partition, producerId, commit === 1, batch, isOld)
  }

  private onLoaded(time: number, node: number, tp: number, end: number, highWatermark: number): void {
    this.logs.onLoaded(time, node, tp, end, highWatermark)
    this.cluster.onLoaded(node, this.logs.lostAtLoad)
  }

  /** A replica was given up: should it have led, it does not any more. */
  private onDeleted(time: number, node: number, tp: number): void {
    const partition = this.partitions.indexOf(tp)
    if (partition < 0 || this.partitions.isGone(partition)) return
    this.logs.onDeleted(time, node, tp)
    this.leaderships.onFollowing(partition, node)
  }

  private onRetried(time: number, batchId: number, error: number): void {
    const batch = this.batches.numberOf(batchId)
    if (batch < 0) return
    this.batches.retries.add(batch, 1)
    this.batches.retryError.put(batch, error)
    this.batches.retryAt.put(batch, time)
  }

  private onLeaderBegan(time: number, node: number, tp: number, epoch: number, offset: number, high: number): void {
    const partition = this.partitions.indexOf(tp)
    this.ofNewestLeader = false
    this.leaderships.vanished.clear()
    this.leaderships.committed.clear()
    if (partition < 0) return
    const { cluster } = this
    const log = this.logs.of(node, partition)
    log.highWatermark = high
    if (cluster.leader[partition] === UNTOLD) cluster.onFirstLeader(partition, node, epoch)
    const unclean = cluster.epoch[partition] === epoch ? (cluster.unclean[partition] as number) : 0
    this.ofNewestLeader = this.leaderships.onBegan(time, partition, log, epoch, offset, unclean)
    if (this.ofNewestLeader) this.decisions.onBegan(partition, log)
  }

  private onFollowerBegan(node: number, tp: number): void {
    const partition = this.partitions.indexOf(tp)
    if (partition >= 0) this.leaderships.onFollowing(partition, node)
  }

  private onNode(kind: number, time: number, node: number, a: number, c: number): void {
    switch (kind) {
      case M.nodeStarted:
        this.records.newIncarnation(node)
        this.transactions.leave(node)
        return this.cluster.onStarted(time, node)
      case M.producerRestarted:
        this.transactions.leave(node)
        return this.records.newIncarnation(node)
      case M.nodeCrashed:
      case M.nodeStopped:
      case M.nodePowerLost:
        this.leaderships.onNodeDown(node)
        return this.cluster.onDown(time, node, kind === M.nodePowerLost)
      case M.metadataLost:
        return this.cluster.onMetadataLost(time)
      case M.diskWiped:
        this.leaderships.onNodeDown(node)
        this.cluster.onDown(time, node, true)
        this.logs.onWiped(time, node)
        return this.cluster.onWiped(time, node, node === 0 && this.spec.cluster.controllers === 1)
      case M.brokerRegistered:
        return this.cluster.onRegistered(a, c === 1)
      case M.sourceFlushed:
      case M.sourceResumed:
        return this.records.onPassed(time, node, a)
      default:
        return
    }
  }
}
