import type { MomentObserver } from '../../history/recorder.ts'
import { samplerOf } from '../../kernel/sampler.ts'
import { constant } from '../../kernel/spread.ts'
import { StreamRule } from '../../network/stream-rule.ts'
import type { Disk } from '../../storage/disk.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { LATEST_TIMESTAMP, type ListOffsetsResponse } from '../protocol/group-messages.ts'
import type { FetchPartitionResponse, FetchResponse, ProduceResponse } from '../protocol/messages.ts'
import type { TxnMarker, WriteTxnMarkersResponse } from '../protocol/transaction-messages.ts'
import { type Call, ID, type Identity, TransactionCluster } from '../transaction/transaction-cluster.test.support.ts'
import { Broker, type BrokerOptions, type ProcessHost } from './broker.ts'

/** Produce versions: adds its partitions; verifies and knows TRANSACTION_ABORTABLE; verifies. */
export const V2 = 12
export const V1 = 11
export const OLD = 10

/** Remembers moments of a kind, as their integers. */
class Moments implements MomentObserver {
  readonly kinds: readonly number[]
  readonly seen: (readonly number[])[] = []
  constructor(kind: number) {
    this.kinds = [kind]
  }
  onMoment(_kind: number, _time: number, _node: number, ...integers: readonly number[]): void {
    this.seen.push(integers)
  }
}

/** A cluster whose leaders do with transactions what Kafka's do. */
export class Live extends TransactionCluster {
  protected override makeBroker(env: Env, options: BrokerOptions, disk: Disk, host: ProcessHost): Broker {
    return new Broker(env, options, disk, host)
  }

  leaderOf(partition: number): number {
    return this.up.find((id) => this.partition(id, this.orders(partition)).isLeader) as number
  }

  stable(partition: number): number {
    return this.partition(this.leaderOf(partition), this.orders(partition)).log.lastStableOffset
  }

  producing(who: Identity, partition: number, sequence: number, apiVersion: number = V2): Call<ProduceResponse> {
    const leader = this.leaderOf(partition)
    const { producerId, producerEpoch } = who
    const identity = { producerId, producerEpoch, baseSequence: sequence, isTransactional: true }
    const connection = this.open(leader)
    const body = {
      transactionalId: ID,
      acks: -1,
      timeoutMs: 30_000,
      partitionData: [{ topicId: 1, index: partition, records: { ...this.batch(), ...identity } }],
    }
    return { connection, correlation: this.send(connection, leader, Api.Produce, body, apiVersion) }
  }

  produceError(call: Call<ProduceResponse>): number {
    return this.answer(call)?.partitionResponses[0]?.errorCode ?? -99
  }

  write(who: Identity, partition: number, sequence: number, apiVersion: number = V2): number {
    const call = this.producing(who, partition, sequence, apiVersion)
    this.runFor(0.3)
    return this.produceError(call)
  }

  fetching(
    partition: number,
    fetchOffset: number,
    isolationLevel: 'read_committed' | 'read_uncommitted',
    maxWaitMs = 0,
    connection: number = this.open(this.leaderOf(partition)),
  ): Call<FetchResponse> {
    const leader = this.leaderOf(partition)
    const wanted = {
      topicId: 1,
      partition,
      currentLeaderEpoch: -1,
      fetchOffset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 1_000_000,
    }
    const request = { replicaId: -1, replicaEpoch: -1, maxWaitMs, minBytes: 1, maxBytes: 1_000_000, isolationLevel }
    const body = { ...request, partitions: [wanted] }
    return { connection, correlation: this.send(connection, leader, Api.Fetch, body) }
  }

  read(partition: number, isolationLevel: 'read_committed' | 'read_uncommitted', from = 0): FetchPartitionResponse {
    const call = this.fetching(partition, from, isolationLevel)
    this.runFor(0.05)
    return this.answer(call)?.responses[0] as FetchPartitionResponse
  }

  latest(partition: number, isolationLevel: 'read_committed' | 'read_uncommitted'): number {
    const leader = this.leaderOf(partition)
    const connection = this.open(leader)
    const partitions = [{ topicId: 1, partition, currentLeaderEpoch: -1, timestamp: LATEST_TIMESTAMP }]
    const body = { replicaId: -1, isolationLevel, partitions }
    const correlation = this.send(connection, leader, Api.ListOffsets, body, 10)
    this.runFor(0.05)
    return this.answer<ListOffsetsResponse>({ connection, correlation })?.partitions[0]?.offset ?? -99
  }

  marking(broker: number, marker: Partial<TxnMarker>): Call<WriteTxnMarkersResponse> {
    const connection = this.open(broker)
    const whole = {
      producerId: 7,
      producerEpoch: 0,
      transactionResult: false,
      coordinatorEpoch: 0,
      transactionVersion: 0,
      partitions: [{ topicId: 1, partition: 0 }],
      ...marker,
    }
    return { connection, correlation: this.send(connection, broker, Api.WriteTxnMarkers, { markers: [whole] }, 1) }
  }

  mark(broker: number, marker: Partial<TxnMarker>): readonly number[] {
    const call = this.marking(broker, marker)
    this.runFor(0.2)
    return this.markErrors(call)
  }

  markErrors(call: Call<WriteTxnMarkersResponse>): readonly number[] {
    return this.answer(call)?.markers[0]?.partitions.map(({ errorCode }) => errorCode) ?? []
  }

  watch(kind: number): Moments {
    const moments = new Moments(kind)
    this.observe(moments)
    return moments
  }

  /** The next message of this kind comes late. */
  delay(api: number, reply: boolean, us: number): void {
    const where = { id: 1, from: null, to: null, api, reply, sameConnection: false }
    this.rule(new StreamRule({ ...where, delay: samplerOf(constant(us)), nth: 1, count: 1 }))
  }
}
