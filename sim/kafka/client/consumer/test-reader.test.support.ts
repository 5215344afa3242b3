import type { NodeHandler } from '../../../kernel/node.ts'
import type { Kernel, TimerHandle } from '../../../kernel/kernel.ts'
import { MILLISECOND } from '../../../kernel/time.ts'
import type { Envelope } from '../../../network/envelope.ts'
import type { Env } from '../../env.ts'
import type { ConsumerConfig } from '../../protocol/config/consumer.ts'
import type { ClientSwitches } from '../../protocol/client-switches.ts'
import { clientProfile } from '../../protocol/profile.ts'
import { consumerConfig } from './fake-brokers.test.support.ts'
import {
  type CommitOutcome,
  type ConsumedRecord,
  CONSUMER_TIMERS,
  type ConsumerOwner,
  KafkaConsumer,
  type PollFailure,
} from './kafka-consumer.ts'

const LOOP: number = CONSUMER_TIMERS

/** Where a reader lives: fake brokers or real ones. */
export interface ReaderWorld {
  readonly kernel: Kernel
  readonly topics: readonly { readonly name: string; readonly topicId: number }[]
  readonly brokers: readonly number[]
  readonly consumers: readonly number[]
  env(node: number): Env
}

export interface ReaderOptions {
  readonly node?: number
  readonly assign?: readonly number[]
  readonly subscribe?: readonly number[]
  readonly config?: Partial<ConsumerConfig>
  readonly switches?: Partial<ClientSwitches>
  /** Work on what a poll returned, before the next one; -1 = polls only when told. */
  readonly workMs?: number
  readonly pollMs?: number
}

/** The smallest application: polls in a loop or when told, and writes down all it is told. */
export class TestReader implements NodeHandler, ConsumerOwner {
  readonly cluster: ReaderWorld
  readonly consumer: KafkaConsumer
  /** `partition:offset` of every record, in order. */
  readonly read: string[] = []
  readonly records: ConsumedRecord[] = []
  readonly events: string[] = []
  polls = 0
  /** What the application does in onPartitionsRevoked; false = it calls revoked() itself. */
  onRevoke: (tps: readonly number[]) => boolean = () => true
  onRecords: (records: readonly ConsumedRecord[]) => void = () => {}
  onOutcome: () => void = () => {}
  looping: boolean
  readonly node: number
  private readonly env: Env
  private readonly workUs: number
  private readonly pollUs: number
  private timer: TimerHandle = 0

  constructor(cluster: ReaderWorld, options: ReaderOptions = {}) {
    const { node = cluster.consumers[0], assign = null, subscribe = assign === null ? [1] : null } = options
    const { workMs = 1, pollMs = 100 } = options
    this.cluster = cluster
    this.node = node as number
    this.env = cluster.env(this.node)
    this.workUs = workMs * MILLISECOND
    this.pollUs = pollMs * MILLISECOND
    this.looping = workMs >= 0
    this.consumer = new KafkaConsumer(
      this.env,
      {
        timerBase: 0,
        topics: cluster.topics,
        subscribe,
        assign,
        config: consumerConfig(options.config),
        profile: clientProfile({ base: 'kafka-4.1', switches: options.switches ?? {} }),
        bootstrap: cluster.brokers,
        memberTag: `billing#${node}`,
      },
      this,
    )
    cluster.kernel.start(this.node, this)
  }

  poll(): void {
    this.polls++
    this.consumer.poll(this.pollUs)
  }

  /** Offsets read of a partition, in order. */
  offsets(partition = 0): readonly number[] {
    return this.records.filter((record) => (record.tp & 0xffff) === partition).map((record) => record.offset)
  }

  onStart(): void {
    this.consumer.start()
    if (this.looping) this.poll()
  }
  onMessage(message: unknown): void {
    this.consumer.onMessage(message as Envelope)
  }
  onSignal(kind: number, a: number, b: number): void {
    this.consumer.onSignal(kind, a, b)
  }
  onTimer(kind: number, a: number, b: number): void {
    if (kind === LOOP) {
      this.timer = 0
      if (this.looping) this.poll()
    } else if (!this.consumer.onTimer(kind, a, b)) throw new Error(`strange timer ${kind}`)
  }
  onDisk(): void {}
  waiting(): readonly string[] {
    return this.consumer.waiting()
  }

  onPolled(records: readonly ConsumedRecord[]): void {
    this.records.push(...records)
    for (const { tp, offset } of records) this.read.push(`${tp & 0xffff}:${offset}`)
    this.onRecords(records)
    this.goOn(records.length > 0 ? this.workUs : 0)
  }
  onPollFailed({ kind, partitions }: PollFailure): void {
    this.say(`poll failed: ${kind}${partitions.length > 0 ? ` ${names(partitions)}` : ''}`)
    this.goOn(100 * MILLISECOND)
  }
  onCommitted(token: number, outcome: CommitOutcome, error: number): void {
    this.say(`commit ${token} ${outcome}${error === 0 ? '' : ` ${error}`}`)
    this.onOutcome()
  }
  onPartitionsAssigned(tps: readonly number[]): void {
    this.say(`assigned ${names(tps)}`)
  }
  onPartitionsRevoked(tps: readonly number[]): void {
    this.say(`revoked ${names(tps)}`)
    if (this.onRevoke(tps)) this.consumer.revoked()
  }
  onPartitionsLost(tps: readonly number[]): void {
    this.say(`lost ${names(tps)}`)
  }
  onClosed(): void {
    this.say('closed')
  }

  /** Stops polling by itself. */
  stall(): void {
    this.looping = false
    this.env.cancel(this.timer)
  }

  goOn(us: number): void {
    if (this.looping && this.timer === 0) this.timer = this.env.setTimer(LOOP, us)
  }

  private say(text: string): void {
    this.events.push(text)
  }
}

function names(tps: readonly number[]): string {
  return `[${tps.map((tp) => tp & 0xffff).join()}]`
}
