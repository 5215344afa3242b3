import type { Kernel } from '../../kernel/kernel.ts'
import type { NodeHandler } from '../../kernel/node.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import { recordOf } from '../../history/ids.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { ProducerConfig } from '../protocol/config/producer.ts'
import { CLIENT_PROFILES, type ClientProfile } from '../protocol/profile.ts'
import { type FakeCluster, producerConfig } from './fake-cluster.test.support.ts'
import { KafkaProducer } from './kafka-producer.ts'
import type { ProducerOwner, ProducerTopic } from './producer-owner.ts'
import type { TransactionError } from './transaction/transaction-error.ts'
import type { TransactionCall } from './transaction/transaction-core.ts'
import type { TransactionOwner } from './transaction/transactional-producer.ts'
import { keyHash } from './partitioner.ts'

/** Where an application lives: fake brokers or real ones. */
export interface AppWorld {
  readonly kernel: Kernel
  readonly topics: readonly ProducerTopic[]
  readonly brokers: readonly number[]
  readonly client: number
  env(node: number): Env
}

/** The smallest application: it sends when told and writes down its callbacks. */
export class TestApp implements NodeHandler, ProducerOwner, TransactionOwner {
  readonly cluster: FakeCluster
  readonly producer: KafkaProducer
  /** `ordinal acked@offset`, `ordinal failed:code`, `ordinal unknown:code`, in order. */
  readonly callbacks: string[] = []
  readonly events: string[] = []
  /** `commitTransaction ok`, `send illegal IllegalStateException`, in order. */
  readonly calls: string[] = []
  private readonly env: Env
  private batches = 0
  private sent = 0

  constructor(
    cluster: AppWorld,
    config: Partial<ProducerConfig> = {},
    profile: ClientProfile = CLIENT_PROFILES['kafka-4.1'],
  ) {
    this.cluster = cluster as FakeCluster
    this.env = cluster.env(cluster.client)
    const options = {
      timerBase: 0,
      topics: cluster.topics,
      bootstrap: cluster.brokers,
      config: producerConfig(config),
      profile,
      transactionOwner: this,
    }
    this.producer = new KafkaProducer(this.env, options, this)
  }

  /** Sends the next record; false when the call waits. */
  send(options: { size?: number; partition?: number; key?: string; topic?: number } = {}): boolean {
    const { size = 100, partition = 0, key, topic = 0 } = options
    const record = { record: recordOf(this.env.node, this.sent++), attempt: 0, key: key ?? null, size, timestamp: 0 }
    return this.producer.send(
      topic,
      key === undefined ? partition : -1,
      key === undefined ? -1 : keyHash(key),
      -1,
      record,
    )
  }

  /** Sends one record and runs until its callback, so that metadata and connections stand. */
  warmUp(): void {
    this.cluster.startClient(this)
    this.send()
    while (this.callbacks.length === 0 && this.cluster.kernel.step());
    this.callbacks.length = 0
    this.cluster.seen.length = 0
    this.cluster.produces.length = 0
  }

  onStart(): void {
    this.producer.start()
  }
  onMessage(message: unknown): void {
    this.producer.onMessage(message as Envelope)
  }
  onSignal(kind: number, a: number, b: number): void {
    this.producer.onSignal(kind, a, b)
  }
  onTimer(kind: number, a: number, b: number): void {
    if (!this.producer.onTimer(kind, a, b)) throw new Error(`strange timer ${kind}`)
  }
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }
  nextBatch(): number {
    return (this.env.node << 20) | this.batches++
  }
  onAcked(record: number, _attempt: number, offset: number): void {
    this.callbacks.push(`${record & 0xfffff} acked@${offset}`)
  }
  onFailed(record: number, _attempt: number, error: number): void {
    this.callbacks.push(`${record & 0xfffff} failed:${error}`)
  }
  onUnknown(record: number, _attempt: number, error: number): void {
    this.callbacks.push(`${record & 0xfffff} unknown:${error}`)
  }
  onSendReturned(): void {
    this.say('send returned')
  }
  onFlushed(): void {
    this.say('flushed')
  }
  onClosed(): void {
    this.say('closed')
  }
  onTransactionReturned(call: TransactionCall, error: TransactionError | null): void {
    this.calls.push(`${call} ${error === null ? 'ok' : `${error.kind} ${error.exception}`}`)
  }
  onSendThrew(error: TransactionError): void {
    this.calls.push(`send ${error.kind} ${error.exception}`)
  }
  private say(text: string): void {
    this.events.push(`${this.cluster.kernel.now / MILLISECOND}ms ${text}`)
  }
}
