import { MOMENTS } from '../../history/catalogue.ts'
import { type MomentObserver, Recorder } from '../../history/recorder.ts'
import { Kernel, SYSTEM_EVENT } from '../../kernel/kernel.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import { Links } from '../../network/links.ts'
import { Network } from '../../network/network.ts'
import { Disk } from '../../storage/disk.ts'
import { Env } from '../env.ts'
import { LogManager } from '../log/log-manager.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { RecordBatch } from '../protocol/batch.ts'
import { BROKER_CONFIG, type BrokerConfig } from '../protocol/config/broker.ts'
import type { ConfigTable } from '../protocol/config/definition.ts'
import { TOPIC_CONFIG, type TopicConfig } from '../protocol/config/topic.ts'
import type { FetchPartition, FetchPartitionResponse, FetchRequest } from '../protocol/messages.ts'
import { CLUSTER_PROFILES, type ClusterProfile } from '../protocol/profile.ts'
import { type IdleReplicaHost, IdleReplicas } from './idle-replicas.ts'
import { FollowerFetch, type FetchResult } from './follower-fetch.ts'
import { MetadataCache, type PartitionMetadata } from './metadata-cache.ts'
import { type AlterIsr, Partition } from './partition.ts'
import type { RemoteReplica } from './remote-replica.ts'
import { replicationSwitchesOf } from './replication-switches.ts'

const TP: number = (1 << 16) | 0

function defaults<T>(table: ConfigTable, overrides: Partial<T>): T {
  return {
    ...Object.fromEntries(Object.entries(table).map(([key, definition]) => [key, definition.default])),
    ...overrides,
  } as T
}

/**
 * One replica of orders-0 at broker 1, alone with its log and its metadata: tests play the controller and the other brokers.
 * Broker n is registered with epoch 100 + n. Nothing is led or followed until a test says so.
 */
export class LoneReplica {
  readonly kernel: Kernel
  readonly metadata: MetadataCache = new MetadataCache()
  readonly log: PartitionLog
  readonly partition: Partition
  readonly fetches: FollowerFetch
  /** Names of the moments that occurred, in order. */
  readonly moments: string[] = []
  private batches = 0

  constructor(
    options: { readonly minIsr?: number; readonly lagMs?: number; readonly profile?: Partial<ClusterProfile> } = {},
  ) {
    const { minIsr = 1, lagMs = 30_000, profile } = options
    const rules = replicationSwitchesOf({ ...CLUSTER_PROFILES['kafka-4.1'], ...profile })
    this.kernel = new Kernel({
      seed: 'lone',
      hasher: {
        update: () => {},
        copy: () => {
          throw new Error('no copy')
        },
        digest: () => '',
      },
    })
    for (let node = 0; node <= 3; node++) this.kernel.addNode(`node-${node}`)
    const recorder = new Recorder(this.kernel)
    const observer: MomentObserver = {
      kinds: MOMENTS.map((moment) => moment.kind),
      onMoment: (kind) => this.moments.push(MOMENTS.find((moment) => moment.kind === kind)?.name ?? '?'),
    }
    recorder.observe(observer)
    const network = new Network(this.kernel, recorder, new Links(4, { kind: 'constant', us: 1000 }), true)
    const env = new Env(1, this.kernel, network, recorder)
    const topic = defaults<TopicConfig>(TOPIC_CONFIG, {})
    const logs = new LogManager(env, new Disk(), defaults<BrokerConfig>(BROKER_CONFIG, {}))
    logs.load({ topicConfig: () => topic })
    this.log = logs.getOrCreate(TP, topic)
    for (const brokerId of [1, 2, 3]) this.register(brokerId, 100 + brokerId)
    this.partition = new Partition(env, TP, this.log, this.metadata, {
      broker: 1,
      replicaLagTimeMaxMs: lagMs,
      minInsyncReplicas: minIsr,
      rules,
    })
    const noHost: IdleReplicaHost = {
      canCreate: () => true,
      create: () => this.partition,
      admit: () => {},
      propose: () => {},
    }
    const idle = new IdleReplicas(env, 1, this.metadata, noHost, 'when-touched')
    this.fetches = new FollowerFetch(new Map([[TP, this.partition]]), this.metadata, idle, rules)
  }

  register(brokerId: number, brokerEpoch: number): void {
    this.metadata.apply([
      {
        type: 'RegisterBrokerRecord',
        brokerId,
        incarnationId: 1,
        brokerEpoch,
        fenced: false,
        inControlledShutdown: false,
      },
    ])
  }

  /** What the controller says of a registered broker. */
  changeRegistration(
    brokerId: number,
    change: { readonly fenced?: boolean; readonly inControlledShutdown?: boolean },
  ): void {
    const brokerEpoch = this.metadata.brokers.get(brokerId)?.brokerEpoch ?? -1
    this.metadata.apply([{ type: 'BrokerRegistrationChangeRecord', brokerId, brokerEpoch, ...change }])
  }

  state(leader: number, leaderEpoch: number, partitionEpoch: number, isr: readonly number[]): PartitionMetadata {
    return { tp: TP, replicas: [1, 2, 3], isr, leader, leaderEpoch, partitionEpoch, leaderRecoveryState: 0 }
  }

  lead(leaderEpoch: number, partitionEpoch: number, isr: readonly number[]): boolean {
    return this.partition.makeLeader(this.state(1, leaderEpoch, partitionEpoch, isr))
  }

  follow(leader: number, leaderEpoch: number, partitionEpoch: number): boolean {
    return this.partition.makeFollower(this.state(leader, leaderEpoch, partitionEpoch, [leader]))
  }

  /** Appends batches of one record each as the leader of an epoch (the partition's own unless given). */
  append(count: number, leaderEpoch: number = this.partition.leaderEpoch): void {
    for (let i = 0; i < count; i++) {
      this.log.appendAsLeader(this.batch(), leaderEpoch)
      if (this.partition.isLeader) this.partition.maybeIncrementLeaderHW()
    }
  }

  /** A follower's fetch at the partition's epoch; says what it led to. */
  fetch(
    follower: number,
    fetchOffset: number,
    changes: Partial<FetchPartition> & { readonly brokerEpoch?: number } = {},
  ): FetchResult {
    return this.fetches.read(this.request(follower, fetchOffset, changes), true)
  }

  /** The same fetch after it was parked: it reads again and does not update the follower's state. */
  reread(follower: number, fetchOffset: number): FetchPartitionResponse {
    return answerOf(this.fetches.read(this.request(follower, fetchOffset, {}), false))
  }

  remote(broker: number): RemoteReplica {
    return this.partition.remote(broker) as RemoteReplica
  }

  /** Lets time pass. */
  pass(milliseconds: number): void {
    const until = this.kernel.now + milliseconds * MILLISECOND
    this.kernel.schedule(milliseconds * MILLISECOND, SYSTEM_EVENT, 0, 99, 0, 0, null, 0x777, 0)
    while (this.kernel.now < until) this.kernel.step()
  }

  /** The controller accepts a change as the leader wanted it. */
  accept(item: AlterIsr, changes: { readonly leaderEpoch?: number; readonly partitionEpoch?: number } = {}): boolean {
    return this.partition.onAlterAccepted(item, {
      topicId: 1,
      partitionIndex: 0,
      errorCode: 0,
      leaderId: 1,
      leaderEpoch: item.leaderEpoch,
      isr: item.isr,
      leaderRecoveryState: 0,
      partitionEpoch: item.partitionEpoch + 1,
      ...changes,
    })
  }

  batch(): RecordBatch {
    const id = ++this.batches
    return {
      id,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      isTransactional: false,
      marker: null,
      size: 100,
      maxTimestamp: 0,
      records: [{ record: id, attempt: 1, key: null, size: 10, timestamp: 0 }],
    }
  }

  private request(
    replicaId: number,
    fetchOffset: number,
    changes: Partial<FetchPartition> & { readonly brokerEpoch?: number },
  ): FetchRequest {
    const { brokerEpoch = 100 + replicaId, ...partition } = changes
    const { leaderEpoch } = this.partition
    return {
      replicaId,
      replicaEpoch: brokerEpoch,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 10_000_000,
      partitions: [
        {
          topicId: 1,
          partition: 0,
          currentLeaderEpoch: leaderEpoch,
          fetchOffset,
          lastFetchedEpoch: fetchOffset === 0 ? -1 : leaderEpoch,
          logStartOffset: 0,
          partitionMaxBytes: 1_000_000,
          ...partition,
        },
      ],
    }
  }
}

export function answerOf(result: FetchResult): FetchPartitionResponse {
  return result.response().responses[0] as FetchPartitionResponse
}
