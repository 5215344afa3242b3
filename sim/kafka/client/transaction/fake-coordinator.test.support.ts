import { tpOf } from '../../../history/ids.ts'
import type { Envelope } from '../../../network/envelope.ts'
import type { Env } from '../../env.ts'
import { Api, type ApiName } from '../../protocol/api.ts'
import type { ProducerConfig } from '../../protocol/config/producer.ts'
import { Errors } from '../../protocol/errors.ts'
import type { FindCoordinatorRequest } from '../../protocol/group-messages.ts'
import type { InitProducerIdRequest, ProduceRequest } from '../../protocol/messages.ts'
import { CLIENT_PROFILES, type ClientProfile } from '../../protocol/profile.ts'
import type {
  AddPartitionsToTxnRequest,
  EndTxnRequest,
  TxnOffsetCommitRequest,
} from '../../protocol/transaction-messages.ts'
import { FakeCluster, type FakeTopic } from '../fake-cluster.test.support.ts'
import { TestApp } from '../test-app.test.support.ts'
import type { ConsumerGroupMetadata } from './txn-request.ts'

export const SECOND = 1_000_000
export const ID = 'payments-0'
/** What a group's member tells of itself. */
export const MEMBER: ConsumerGroupMetadata = {
  groupId: 'payments',
  generationId: 3,
  memberId: 'member-1',
  groupInstanceId: null,
}

type Call =
  | 'FindCoordinator'
  | 'InitProducerId'
  | 'AddPartitionsToTxn'
  | 'AddOffsetsToTxn'
  | 'TxnOffsetCommit'
  | 'EndTxn'
const CALLS: readonly Call[] = [
  'FindCoordinator',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
]

/** What became of a request: an error code, done but unanswered, or neither. */
export type Answer = number | 'done-silent' | 'done-reset' | 'silent' | 'reset'

export interface Asked {
  readonly api: Call
  readonly version: number
  readonly broker: number
  readonly time: number
  readonly body: object
}

/** One transactional id's coordinator and one group's, as simple as can be: it does what it is told and counts epochs. */
export class FakeCoordinator {
  readonly asked: Asked[] = []
  /** Where both coordinators are. */
  node: number
  producerId = -1
  producerEpoch = -1
  /** `commit` and `abort`, as decided, with the epoch. */
  readonly decided: string[] = []
  /** Offsets the group was sent, by partition. */
  readonly offsets: Map<number, number> = new Map()
  /** Reaction to the nth request of an api, from 0. */
  react: (api: Call, n: number) => Answer = () => Errors.NONE
  private readonly cluster: FakeCluster
  private lastEpoch = -1

  constructor(cluster: FakeCluster) {
    this.cluster = cluster
    this.node = cluster.brokers[0] as number
    cluster.coordinate = (envelope, env) => this.onRequest(envelope, env)
  }

  of(api: Call): readonly Asked[] {
    return this.asked.filter((asked) => asked.api === api)
  }

  /** Apis and their versions in order, with Produce among them. */
  summary(): string {
    const produced = this.cluster.produces.map(({ time }) => ({ time, text: 'Produce' }))
    const asked = this.asked.map(({ time, api, version }) => ({ time, text: `${api}-${version}` }))
    return [...produced, ...asked]
      .sort((a, b) => a.time - b.time)
      .map(({ text }) => text)
      .join(' ')
  }

  private onRequest(envelope: Envelope, env: Env): object | 'silent' | 'reset' | null {
    const api = CALLS.find((name: ApiName) => Api[name] === envelope.api)
    if (api === undefined) return null
    const n = this.of(api).length
    const { apiVersion: version, body } = envelope
    this.asked.push({ api, version, broker: env.node, time: env.monotonic(), body })
    const moved = api !== 'FindCoordinator' && env.node !== this.node
    const answer = moved ? Errors.NOT_COORDINATOR : this.react(api, n)
    if (answer === 'silent' || answer === 'reset') return answer
    const done = this.answer(api, version, body, typeof answer === 'number' ? answer : Errors.NONE)
    if (answer === 'done-silent') return 'silent'
    return answer === 'done-reset' ? 'reset' : done
  }

  private answer(api: Call, version: number, body: object, errorCode: number): object {
    switch (api) {
      case 'FindCoordinator':
        return { errorCode, nodeId: errorCode === Errors.NONE ? this.node : -1, ...(body as FindCoordinatorRequest) }
      case 'InitProducerId':
        return this.initialize(body as InitProducerIdRequest, errorCode)
      case 'AddPartitionsToTxn':
        return addedPartitions(body as AddPartitionsToTxnRequest, errorCode)
      case 'AddOffsetsToTxn':
        return { errorCode }
      case 'TxnOffsetCommit':
        return this.commitOffsets(body as TxnOffsetCommitRequest, errorCode)
      case 'EndTxn':
        return this.end(body as EndTxnRequest, version, errorCode)
    }
  }

  private initialize(_request: InitProducerIdRequest, errorCode: number): object {
    if (errorCode !== Errors.NONE) return { errorCode, producerId: -1, producerEpoch: -1 }
    if (this.producerId < 0) this.producerId = 4000
    this.producerEpoch++
    return { errorCode, producerId: this.producerId, producerEpoch: this.producerEpoch }
  }

  private commitOffsets({ partitions }: TxnOffsetCommitRequest, errorCode: number): object {
    return {
      partitions: partitions.map(({ topicId, partition, committedOffset }) => {
        if (errorCode === Errors.NONE) this.offsets.set(tpOf(topicId, partition), committedOffset)
        return { topicId, partition, errorCode }
      }),
    }
  }

  private end({ committed, producerEpoch }: EndTxnRequest, version: number, errorCode: number): object {
    if (errorCode !== Errors.NONE) return { errorCode, producerId: -1, producerEpoch: -1 }
    if (producerEpoch !== this.lastEpoch) {
      this.decided.push(`${committed ? 'commit' : 'abort'} ${producerEpoch}`)
      this.lastEpoch = version < 5 ? -1 : producerEpoch
      if (version >= 5) this.producerEpoch++
    }
    if (version < 5) return { errorCode, producerId: -1, producerEpoch: -1 }
    return { errorCode, producerId: this.producerId, producerEpoch: this.producerEpoch }
  }
}

function addedPartitions({ transactions }: AddPartitionsToTxnRequest, partitionErrorCode: number): object {
  return {
    errorCode: Errors.NONE,
    resultsByTransaction: transactions.map(({ transactionalId, partitions }) => ({
      transactionalId,
      partitions: partitions.map((partition) => ({ ...partition, partitionErrorCode })),
    })),
  }
}

export interface Setup {
  readonly version?: 1 | 2
  readonly brokers?: number
  /** Which broker coordinates, from 0. */
  readonly coordinator?: number
  readonly topics?: readonly FakeTopic[]
  readonly config?: Partial<ProducerConfig>
  readonly profile?: ClientProfile
}

/** A transactional producer with fake brokers, one of which coordinates. */
export interface Bench {
  readonly cluster: FakeCluster
  readonly coordinator: FakeCoordinator
  readonly app: TestApp
  /** Runs this much longer. */
  readonly run: (us?: number) => void
  /** Names of the transaction's moments, in order. */
  readonly moments: () => readonly string[]
}

export function bench(setup: Setup = {}): Bench {
  const {
    version = 2,
    brokers = 2,
    coordinator: at = 0,
    topics,
    config,
    profile = CLIENT_PROFILES['kafka-4.1'],
  } = setup
  const cluster = new FakeCluster({ brokers, ...(topics === undefined ? {} : { topics }) })
  cluster.transactionVersion = version
  const coordinator = new FakeCoordinator(cluster)
  coordinator.node = cluster.brokers[at] as number
  const app = new TestApp(cluster, { 'transactional.id': ID, ...config }, profile)
  cluster.startClient(app)
  return {
    cluster,
    coordinator,
    app,
    run: (us = SECOND) => cluster.runUntil(cluster.kernel.now + us),
    moments: () => cluster.seen.map(({ name }) => name).filter((name) => name.startsWith('txn.')),
  }
}

/** A bench whose producer has initialized its transactions; requests so far are forgotten. */
export function ready(setup: Setup = {}): Bench {
  const b = bench(setup)
  b.app.producer.transactions.initTransactions()
  b.run()
  b.app.calls.length = 0
  b.coordinator.asked.length = 0
  return b
}

/** Sends a record; where the call waits for metadata, until it returns. */
export function send({ app, cluster }: Bench, options: Parameters<TestApp['send']>[0] = {}): void {
  const before = app.events.length
  if (app.send(options)) return
  while (app.events.length === before && cluster.kernel.step());
}

/** As {@link ready}, in a transaction with one record sent and acknowledged. */
export function inTransaction(setup: Setup = {}): Bench {
  const b = ready(setup)
  b.app.producer.transactions.beginTransaction(1)
  send(b)
  b.run()
  b.coordinator.asked.length = 0
  b.cluster.produces.length = 0
  return b
}

/** The batch of the nth Produce request. */
export function batch(b: Bench, n: number): ProduceRequest['partitionData'][number]['records'] {
  const data = b.cluster.produces[n]?.request.partitionData[0]
  if (data === undefined) throw new Error(`there is no Produce request ${n}`)
  return data.records
}
