import { M } from '../../history/catalogue.ts'
import { tpOf } from '../../history/ids.ts'
import type { MomentObserver } from '../../history/recorder.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Disk } from '../../storage/disk.ts'
import { Broker, type BrokerOptions, type ProcessHost } from '../broker/broker.ts'
import { MiniCluster } from '../broker/mini-cluster.test.support.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { FindCoordinatorResponse } from '../protocol/group-messages.ts'
import type { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages.ts'
import type {
  AddOffsetsToTxnResponse,
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  EndTxnResponse,
  TxnMarker,
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '../protocol/transaction-messages.ts'
import { transactionRecordsIn } from '../protocol/transaction-records.ts'
import type { TransactionMetadata } from './transaction-metadata.ts'

export const ID = 'checkout-tx'

/** A request under way. */
export interface Call<T> {
  readonly connection: number
  readonly correlation: number
  /** What will be answered; never set. */
  readonly body?: T
}

/** What is answered to what. */
interface Answers {
  readonly [Api.FindCoordinator]: FindCoordinatorResponse
  readonly [Api.InitProducerId]: InitProducerIdResponse
  readonly [Api.AddPartitionsToTxn]: AddPartitionsToTxnResponse
  readonly [Api.AddOffsetsToTxn]: AddOffsetsToTxnResponse
  readonly [Api.EndTxn]: EndTxnResponse
}
type TransactionApi = keyof Answers

/** A producer as the coordinator knows it. */
export interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** What leaders say to markers: a list of errors, each used once; NONE afterwards. */
export interface MarkerScript {
  readonly errors: number[]
  readonly seen: TxnMarker[]
  /** Leaders keep silent. */
  silent: boolean
}

/** A broker that says to markers what a test wants. */
class ScriptedBroker extends Broker {
  private readonly script: MarkerScript

  constructor(env: Env, options: BrokerOptions, disk: Disk, host: ProcessHost, script: MarkerScript) {
    super(env, options, disk, host)
    this.script = script
  }

  override handle(request: Envelope): void {
    if (request.api !== Api.WriteTxnMarkers) {
      super.handle(request)
      return
    }
    const { markers } = request.body as WriteTxnMarkersRequest
    const { script } = this
    script.seen.push(...markers)
    if (script.silent) return
    const body: WriteTxnMarkersResponse = {
      markers: markers.map(({ producerId, partitions }) => ({
        producerId,
        partitions: partitions.map((each) => ({ ...each, errorCode: script.errors.shift() ?? Errors.NONE })),
      })),
    }
    this.channel.reply(request, body)
  }
}

/** Tells of transactions, in the order in which things happened. */
class Story implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.producerRegistered,
    M.producerRefused,
    M.txnOpened,
    M.txnPartitionAdded,
    M.txnPrepared,
    M.txnCompleted,
    M.coordinatorLoaded,
    M.coordinatorUnloaded,
  ]
  readonly lines: string[] = []

  onMoment(
    kind: number,
    _time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
  ): void {
    switch (kind) {
      case M.producerRegistered:
        this.lines.push(`registered epoch ${c}`)
        break
      case M.producerRefused:
        this.lines.push(`refused api ${b} error ${c}`)
        break
      case M.txnOpened:
        this.lines.push(`opened epoch ${c}`)
        break
      case M.txnPartitionAdded:
        this.lines.push(`added ${b & 0xffff}`)
        break
      case M.txnPrepared:
        this.lines.push(`prepared ${b === 1 ? 'commit' : 'abort'} epoch ${d}${f === 1 ? ' timed out' : ''}`)
        break
      case M.txnCompleted:
        this.lines.push(`completed ${b === 1 ? 'commit' : 'abort'} epoch ${d} by ${e}`)
        break
      case M.coordinatorLoaded:
        if (c > 0) this.lines.push(`loaded ${c} at n${node}`)
        break
      default:
        this.lines.push(`unloaded ${a} at n${node}`)
    }
  }
}

/** Real brokers and a controller, the transaction log made, and clients that say what a test wants. */
export class TransactionCluster extends MiniCluster {
  readonly story: Story = new Story()
  declare readonly script: MarkerScript

  /** `scripted`: leaders say to markers what {@link script} tells. */
  constructor(options: ConstructorParameters<typeof MiniCluster>[0] & { readonly asked?: boolean } = {}) {
    super({ partitions: 3, ...options })
    if (options.asked !== false) this.findCoordinator()
    this.observe(this.story)
  }

  protected override makeBroker(env: Env, options: BrokerOptions, disk: Disk, host: ProcessHost): Broker {
    // The cluster starts its brokers before this class has fields.
    const holder = this as { script?: MarkerScript }
    holder.script ??= { errors: [], seen: [], silent: false }
    return new ScriptedBroker(env, options, disk, host, holder.script)
  }

  /** Asks a broker for the coordinator until there is one. */
  findCoordinator(id: string = ID, seconds = 5): number {
    for (let tries = 0; tries < seconds * 4; tries++) {
      const found = this.ask(1, Api.FindCoordinator, { keyType: 'transaction', key: id }, 6, 0.25)
      if (found?.errorCode === Errors.NONE) return found.nodeId
    }
    return -1
  }

  // --- looking ------------------------------------------------------------------------------------------------------

  get up(): readonly number[] {
    return Array.from({ length: this.clientNode - 1 }, (_, index) => index + 1).filter((id) => this.broker(id) !== null)
  }

  /** Partition of the transaction log that keeps the id. */
  get logTp(): number {
    return this.broker(this.up[0] as number).transactions.states.tpFor(ID)
  }

  /** The broker that coordinates the id by its own account, in the highest epoch; -1 = none. */
  get coordinator(): number {
    const serving = this.up.filter((id) => this.hold(id)?.loading === false)
    return serving.sort((a, b) => (this.hold(b)?.epoch ?? 0) - (this.hold(a)?.epoch ?? 0))[0] ?? -1
  }

  private hold(broker: number): { readonly epoch: number; readonly loading: boolean } | undefined {
    return this.broker(broker).transactions.states.partition(this.logTp)
  }

  get state(): TransactionMetadata {
    return this.broker(this.coordinator).transactions.states.find(ID).metadata as TransactionMetadata
  }

  /** States that the log of a broker holds for the id, with epochs. */
  written(broker: number = this.coordinator): readonly string[] {
    return (this.broker(broker).replicas.entriesOf(this.logTp) ?? [])
      .flatMap((entry) => transactionRecordsIn(entry.batch))
      .map(({ value }) => (value === null ? 'tombstone' : `${value.transactionStatus} ${value.producerEpoch}`))
  }

  // --- asking -------------------------------------------------------------------------------------------------------

  start<K extends TransactionApi>(broker: number, api: K, body: object, apiVersion: number): Call<Answers[K]> {
    const connection = this.open(broker)
    return { connection, correlation: this.send(connection, broker, api, body, apiVersion) }
  }

  answer<T>({ connection, correlation }: Call<T>): T | null {
    const reply = this.client.replies.find(
      (candidate) => candidate.connection === connection && candidate.correlation === correlation,
    )
    return reply === undefined ? null : (reply.body as T)
  }

  ask<K extends TransactionApi>(
    broker: number,
    api: K,
    body: object,
    apiVersion: number,
    seconds = 0.1,
  ): Answers[K] | null {
    const call = this.start(broker, api, body, apiVersion)
    this.runFor(seconds)
    return this.answer<Answers[K]>(call)
  }

  initialising(request: Partial<InitProducerIdRequest> = {}, apiVersion = 5): Call<InitProducerIdResponse> {
    const body = { transactionalId: ID, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1, ...request }
    return this.start(this.coordinator, Api.InitProducerId, body, apiVersion)
  }

  /** InitProducerId until it succeeds, as a client does. */
  init(request: Partial<InitProducerIdRequest> = {}, seconds = 5): Identity {
    for (let tries = 0; tries < seconds * 10; tries++) {
      const call = this.initialising(request)
      this.runFor(0.1)
      const answer = this.answer(call)
      if (answer?.errorCode === Errors.NONE) return answer
    }
    throw new Error('no identity')
  }

  /** Partitions of orders join, asked for by the client (v3) or by a leader (v5). */
  adding(who: Identity, partitions: readonly number[], apiVersion = 5): Call<AddPartitionsToTxnResponse> {
    const body: AddPartitionsToTxnRequest = {
      transactions: [
        {
          transactionalId: ID,
          ...identityOf(who),
          verifyOnly: false,
          partitions: partitions.map((partition) => ({ topicId: 1, partition })),
        },
      ],
    }
    return this.start(this.coordinator, Api.AddPartitionsToTxn, body, apiVersion)
  }

  add(who: Identity, partitions: readonly number[] = [0], apiVersion = 5): number {
    const call = this.adding(who, partitions, apiVersion)
    this.runFor(0.1)
    return this.addError(call)
  }

  addError(call: Call<AddPartitionsToTxnResponse>): number {
    return this.answer(call)?.resultsByTransaction[0]?.partitions[0]?.partitionErrorCode ?? -99
  }

  verify(who: Identity, partition = 0): number {
    const body: AddPartitionsToTxnRequest = {
      transactions: [
        { transactionalId: ID, ...identityOf(who), verifyOnly: true, partitions: [{ topicId: 1, partition }] },
      ],
    }
    const call = this.start(this.coordinator, Api.AddPartitionsToTxn, body, 5)
    this.runFor(0.1)
    return this.addError(call)
  }

  addOffsets(who: Identity, groupId: string, apiVersion = 4): number {
    const body = { transactionalId: ID, ...identityOf(who), groupId }
    return this.ask(this.coordinator, Api.AddOffsetsToTxn, body, apiVersion)?.errorCode ?? -99
  }

  ending(who: Identity, committed: boolean, apiVersion = 5): Call<EndTxnResponse> {
    const body = { transactionalId: ID, ...identityOf(who), committed }
    return this.start(this.coordinator, Api.EndTxn, body, apiVersion)
  }

  end(who: Identity, committed: boolean, apiVersion = 5): EndTxnResponse {
    const call = this.ending(who, committed, apiVersion)
    this.runFor(0.1)
    return this.answer(call) ?? { errorCode: -99, producerId: -1, producerEpoch: -1 }
  }

  /** A partition of orders. */
  orders(partition: number): number {
    return tpOf(1, partition)
  }
}

function identityOf({ producerId, producerEpoch }: Identity): Identity {
  return { producerId, producerEpoch }
}
