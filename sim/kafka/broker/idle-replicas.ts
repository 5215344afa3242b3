import { M } from '../../history/catalogue.ts'
import { maskHigh, maskLow, tpOf } from '../../history/ids.ts'
import type { Env } from '../env.ts'
import type { FetchPartition, FetchRequest } from '../protocol/messages.ts'
import { isAmong } from '../small-list.ts'
import type { MetadataCache, PartitionMetadata } from './metadata-cache.ts'
import type { AlterIsr, Partition } from './partition.ts'

/** Which replicas of internal topics are made when; a test shows that it makes no difference. */
export type Materialisation = 'when-touched' | 'at-once'

/** What idle replicas need of their broker. */
export interface IdleReplicaHost {
  /** Makes a replica, with its log; nothing knows of it yet. */
  create(tp: number): Partition
  /** Whether there is a directory for the replica's log. */
  canCreate(tp: number): boolean
  /** From now on the replica takes part in everything. */
  admit(partition: Partition): void
  /** A fetch lets an in-sync set grow. */
  propose(item: AlterIsr): void
}

/** A replica without a record: the role it has, and the replica itself if it had to be made already. */
class IdleReplica {
  readonly tp: number
  leaderEpoch = -1
  partitionEpoch = -1
  leaderId = -1
  isLeader = false
  /** When the leadership began, and whether this broker led before. */
  since = 0
  inPlace = false
  partition: Partition | null = null

  constructor(tp: number) {
    this.tp = tp
  }
}

/** A follower's last fetch, as far as it concerns idle replicas. */
interface LastFetch {
  readonly time: number
  readonly replicaEpoch: number
  readonly idle: readonly FetchPartition[]
  /** Which of them have woken here, as of a version of the list of those. */
  readonly awake: readonly FetchPartition[]
  readonly version: number
}

const NONE: readonly FetchPartition[] = []

/**
 * Replicas of internal partitions into which nothing was ever written: most of the offsets topic's fifty. They have their
 * roles, and tell of them, and cost nothing else: no place in a fetch, no check of the in-sync set, no log.
 *
 * A follower's fetch names them all by one shared list. As the leader has nothing for them, it takes notice only of who was
 * there; with the first record a replica wakes, and the fetch is answered as if it had named the partition like any other.
 * An in-sync set from which somebody is missing grows as usual when that replica fetches. It never shrinks because of lag:
 * nobody can lag behind nothing.
 */
export class IdleReplicas {
  private readonly env: Env
  private readonly broker: number
  private readonly metadata: MetadataCache
  private readonly host: IdleReplicaHost
  private readonly materialisation: Materialisation
  private readonly replicas: Map<number, IdleReplica> = new Map()
  /** Led here, with an in-sync set that is not complete. */
  private readonly short: Partition[] = []
  /** Replicas of internal partitions that are not idle. */
  private readonly woken: Partition[] = []
  private readonly lastFetches: (LastFetch | undefined)[] = []
  private version = 0

  constructor(
    env: Env,
    broker: number,
    metadata: MetadataCache,
    host: IdleReplicaHost,
    materialisation: Materialisation,
  ) {
    this.env = env
    this.broker = broker
    this.metadata = metadata
    this.host = host
    this.materialisation = materialisation
  }

  has(tp: number): boolean {
    return this.replicas.has(tp)
  }

  /** A replica of an internal partition that is not idle, and was not made here. */
  addWoken(partition: Partition): void {
    this.woken.push(partition)
    this.version++
  }

  /** There is no such replica here any more, idle or not. */
  remove(tp: number): void {
    this.replicas.delete(tp)
    this.forgetShort(tp)
    const at = this.woken.findIndex((partition) => partition.tp === tp)
    if (at < 0) return
    this.woken.splice(at, 1)
    this.version++
  }

  // --- roles --------------------------------------------------------------------------------------------------------

  /** As `Partition.makeLeader`. */
  lead(state: PartitionMetadata): void {
    const replica = this.at(state.tp)
    if (state.partitionEpoch < replica.partitionEpoch) return
    const isShort = state.isr.length < state.replicas.length && this.host.canCreate(state.tp)
    if (isShort || this.materialisation === 'at-once') this.materialise(replica)
    const isNewEpoch = state.leaderEpoch > replica.leaderEpoch
    if (replica.partition !== null) replica.partition.makeLeader(state)
    else this.tellLeader(state, isNewEpoch)
    if (isNewEpoch) {
      replica.inPlace = replica.isLeader
      replica.since = this.env.monotonic()
    }
    this.adopt(replica, state, true)
    this.forgetShort(state.tp)
    if (isShort) this.short.push(replica.partition as Partition)
  }

  private tellLeader(state: PartitionMetadata, isNewEpoch: boolean): void {
    const { tp, isr, leaderEpoch, partitionEpoch } = state
    if (isNewEpoch) this.env.emit(M.leaderBegan, tp, leaderEpoch, 0, 0)
    this.env.emitWide(M.isrAdopted, tp, maskLow(isr), maskHigh(isr), leaderEpoch, partitionEpoch)
  }

  /** As `Partition.makeFollower`; returns whether the leader epoch is new. */
  follow(state: PartitionMetadata): boolean {
    const { tp, leader, leaderEpoch } = state
    const replica = this.at(tp)
    if (state.partitionEpoch < replica.partitionEpoch) return false
    if (this.materialisation === 'at-once' && this.host.canCreate(tp)) this.materialise(replica)
    const isNewEpoch = leaderEpoch > replica.leaderEpoch
    if (replica.partition !== null) replica.partition.makeFollower(state)
    else if (isNewEpoch) this.env.emit(M.followerBegan, tp, leader, leaderEpoch, 0)
    this.adopt(replica, state, false)
    this.forgetShort(tp)
    return isNewEpoch
  }

  private adopt(replica: IdleReplica, state: PartitionMetadata, isLeader: boolean): void {
    replica.leaderEpoch = state.leaderEpoch
    replica.partitionEpoch = state.partitionEpoch
    replica.leaderId = isLeader ? this.broker : state.leader
    replica.isLeader = isLeader
  }

  private at(tp: number): IdleReplica {
    const known = this.replicas.get(tp)
    if (known !== undefined) return known
    const created = new IdleReplica(tp)
    this.replicas.set(tp, created)
    return created
  }

  private forgetShort(tp: number): void {
    const at = this.short.findIndex((partition) => partition.tp === tp)
    if (at >= 0) this.short.splice(at, 1)
  }

  /** Makes the replica as it would be, had it been made at first. */
  private materialise(replica: IdleReplica): Partition {
    if (replica.partition !== null) return replica.partition
    const partition = this.host.create(replica.tp)
    replica.partition = partition
    const state = this.metadata.partitions.get(replica.tp)
    if (replica.leaderEpoch >= 0 && state !== undefined) partition.resume(replica, state.replicas)
    return partition
  }

  // --- waking -------------------------------------------------------------------------------------------------------

  /** The replica is needed: something is to be written, or was. null when none is idle. */
  wake(tp: number): Partition | null {
    const replica = this.replicas.get(tp)
    if (replica === undefined || !this.host.canCreate(tp)) return null
    const partition = this.materialise(replica)
    this.replicas.delete(tp)
    this.forgetShort(tp)
    this.addWoken(partition)
    this.host.admit(partition)
    if (partition.isLeader) this.seedFollowers(partition)
    return partition
  }

  /** As {@link wake}, where this broker leads: somebody asks for the partition by name. */
  wakeLed(tp: number): Partition | undefined {
    return this.replicas.get(tp)?.isLeader === true ? (this.wake(tp) ?? undefined) : undefined
  }

  /** Followers that fetched are where the log begins: they would be known to be. */
  private seedFollowers(partition: Partition): void {
    for (const remote of partition.remotes) {
      const last = this.lastFetches[remote.broker]
      if (last === undefined || remote.logEndOffset >= 0 || !this.vouches(last, partition, remote.broker)) continue
      remote.updateFetchState(0, 0, last.time, 0, last.replicaEpoch)
      this.env.emit(M.followerFetched, partition.tp, remote.broker, 0, partition.leaderEpoch)
    }
  }

  private vouches(last: LastFetch, partition: Partition, follower: number): boolean {
    if (named(last.idle, partition.tp)?.currentLeaderEpoch !== partition.leaderEpoch) return false
    return last.replicaEpoch >= this.metadata.aliveBrokerEpoch(follower)
  }

  // --- followers' fetches -------------------------------------------------------------------------------------------

  /** A follower fetches, and names what is idle where it stands. */
  onFetch(request: FetchRequest): void {
    const { replicaId, replicaEpoch, idle } = request
    if (idle === undefined || idle.length === 0) return
    const before = this.lastFetches[replicaId]
    const isSame = before !== undefined && before.idle === idle && before.version === this.version
    const awake = isSame ? before.awake : this.awakeAmong(idle)
    while (this.lastFetches.length <= replicaId) this.lastFetches.push(undefined)
    const last = { time: this.env.monotonic(), replicaEpoch, idle, awake, version: this.version }
    this.lastFetches[replicaId] = last
    for (const partition of [...this.short]) {
      const remote = partition.remote(replicaId)
      if (remote === null || isAmong(partition.isr, replicaId) || !this.vouches(last, partition, replicaId)) continue
      partition.updateFollowerFetch(remote, 0, 0, replicaEpoch)
      const item = partition.expansionFor(remote)
      if (item !== null) this.host.propose(item)
    }
  }

  /** What a follower takes for idle and is not, any more: to be read like what it names. */
  awakeFor(request: FetchRequest): readonly FetchPartition[] {
    const { replicaId, idle } = request
    if (idle === undefined || idle.length === 0 || this.woken.length === 0) return NONE
    const last = this.lastFetches[replicaId]
    return last?.idle === idle && last.version === this.version ? last.awake : this.awakeAmong(idle)
  }

  private awakeAmong(idle: readonly FetchPartition[]): readonly FetchPartition[] {
    let awake: FetchPartition[] | null = null
    for (const partition of this.woken) {
      const wanted = named(idle, partition.tp)
      if (wanted !== undefined) (awake ??= []).push(wanted)
    }
    return awake ?? NONE
  }
}

function named(list: readonly FetchPartition[], tp: number): FetchPartition | undefined {
  return list.find((item) => tpOf(item.topicId, item.partition) === tp)
}
