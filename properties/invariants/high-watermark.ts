import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import { bits } from '../shadow/assignments.ts'
import type { ShadowLog } from '../shadow/shadow-log.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Breaches } from './breaches.ts'

/**
 * `Partition.maybeIncrementLeaderHW`, judged from outside: what a leader knows is told by `isr.adopted` and
 * `follower.fetched`.
 */
export class HighWatermarkInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.hwAdvanced,
    M.followerFetched,
    M.isrAdopted,
    M.leaderBegan,
    M.followerBegan,
    M.nodeStarted,
    M.configApplied,
    M.logDeleted,
  ]
  private readonly shadow: Shadow
  private readonly breaches: Breaches
  private readonly nodes: number
  private readonly count: number
  /** By node and partition: epoch it leads in, -1 while it does not lead; its high watermark; its adopted in-sync set. */
  private readonly epoch: Int32Array
  private readonly high: Int32Array
  private readonly isrLow: Int32Array
  private readonly isrHigh: Int32Array
  /** Partition epoch of that set: by it the leader knows how many replicas there are. */
  private readonly partitionEpoch: Int32Array
  /** By node, partition and follower: the offset last fetched, which is the follower's log end; -1 unknown. */
  private readonly fetched: Int32Array

  /** By node and partition: the `min.insync.replicas` that the broker goes by, which it learns later than the controller decides it. */
  private readonly least: Int32Array
  /** By partition, at time 0: what a broker goes by until it has applied the metadata log. */
  private readonly firstLeast: readonly number[]

  constructor(shadow: Shadow, breaches: Breaches) {
    this.shadow = shadow
    this.breaches = breaches
    this.nodes = shadow.spec.cluster.brokers.length + 1
    this.count = shadow.partitions.count
    const size = this.nodes * this.count
    this.epoch = new Int32Array(size).fill(-1)
    this.high = new Int32Array(size)
    this.isrLow = new Int32Array(size)
    this.isrHigh = new Int32Array(size)
    this.partitionEpoch = new Int32Array(size)
    this.fetched = new Int32Array(size * this.nodes).fill(-1)
    this.least = new Int32Array(size)
    this.firstLeast = [...shadow.partitions.configuredMinIsr]
    for (let node = 0; node < this.nodes; node++) this.least.set(this.firstLeast, node * this.count)
  }

  onMoment(kind: number, time: number, node: number, a: number, b: number, c: number, d: number, e: number): void {
    if (node >= this.nodes) return
    if (kind === M.nodeStarted) return this.forget(node)
    if (kind === M.configApplied) return this.onConfig(node, b, c)
    const partition = this.shadow.partitions.indexOf(a)
    if (partition < 0) return
    const at = node * this.count + partition
    switch (kind) {
      case M.hwAdvanced:
        return this.onAdvanced(time, this.shadow.logs.of(node, partition), b, c, d)
      case M.followerFetched:
        return this.onFetched(node, a, b, c)
      case M.isrAdopted:
        this.isrLow[at] = b
        this.isrHigh[at] = c
        this.partitionEpoch[at] = e
        return
      case M.leaderBegan:
        return this.onBegan(at, b, d)
      default:
        this.epoch[at] = -1
        return
    }
  }

  /** `follower.fetched` */
  onFetched(node: number, tp: number, follower: number, offset: number): void {
    const partition = this.shadow.partitions.indexOf(tp)
    if (partition < 0 || node >= this.nodes || follower < 0 || follower >= this.nodes) return
    this.fetched[(node * this.count + partition) * this.nodes + follower] = offset
  }

  private forget(node: number): void {
    this.epoch.fill(-1, node * this.count, (node + 1) * this.count)
    this.least.set(this.firstLeast, node * this.count)
  }

  private onConfig(node: number, topicId: number, minIsr: number): void {
    this.shadow.partitions.topicIds.forEach((each, partition) => {
      if (each === topicId) this.least[node * this.count + partition] = minIsr
    })
  }

  private onBegan(at: number, epoch: number, high: number): void {
    // `Replica.resetReplicaState`: a leader that is elected again in place keeps what it knows of its followers.
    if (this.epoch[at] === -1) this.fetched.fill(-1, at * this.nodes, (at + 1) * this.nodes)
    this.epoch[at] = epoch
    this.high[at] = high
    // Told by the `isr.adopted` that follows.
    this.isrLow[at] = 0
    this.isrHigh[at] = 0
  }

  /** `hw.advanced`, with the log that it is about. */
  onAdvanced(time: number, log: ShadowLog, offset: number, epoch: number, leader: number): void {
    const { node, partition } = log
    if (offset < 0 || offset > log.end) {
      this.tell(
        'hw-within-log',
        time,
        node,
        partition,
        `moved its high watermark to ${offset}, but its log ends at ${log.end}`,
      )
    }
    if (leader === 0 || node >= this.nodes) return
    const at = node * this.count + partition
    if (this.epoch[at] === epoch && offset <= (this.high[at] as number)) {
      this.tell(
        'leader-hw-monotonic',
        time,
        node,
        partition,
        `moved its high watermark from ${this.high[at]} to ${offset} while it led in epoch ${epoch}`,
      )
    }
    this.high[at] = offset
    this.checkIsr(time, node, partition, at, offset)
  }

  private checkIsr(time: number, node: number, partition: number, at: number, offset: number): void {
    const [low, high] = [this.isrLow[at] as number, this.isrHigh[at] as number]
    // Not told yet: nothing can be said.
    if (low === 0 && high === 0) return
    const size = bits(low) + bits(high)
    const { replicas } = this.shadow.cluster
    const count = replicas.countAt(partition, this.partitionEpoch[at] as number)
    const least = Math.min(this.least[at] as number, count)
    if (size < least) {
      this.tell(
        'hw-not-below-min-isr',
        time,
        node,
        partition,
        `moved its high watermark to ${offset} with ${size} in sync, and min.insync.replicas is ${least}`,
      )
    }
    for (let follower = 1; follower < this.nodes; follower++) {
      const member = follower < 31 ? (low >>> follower) & 1 : (high >>> (follower - 31)) & 1
      if (member === 0 || follower === node) continue
      const fetched = this.fetched[at * this.nodes + follower] as number
      if (fetched >= offset) continue
      const name = this.shadow.names.node(follower)
      const what = fetched < 0 ? 'has not fetched from it yet' : `has fetched up to ${fetched} only`
      this.tell(
        'hw-covered-by-isr',
        time,
        node,
        partition,
        `moved its high watermark to ${offset}, but ${name} is in its in-sync set and ${what}`,
      )
    }
  }

  private tell(invariant: string, time: number, node: number, partition: number, what: string): void {
    this.breaches.add(
      invariant,
      time,
      `${this.shadow.names.node(node)} ${what} (${this.shadow.partitions.names[partition]})`,
    )
  }
}
