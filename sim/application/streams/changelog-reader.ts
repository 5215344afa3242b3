import { MILLISECOND } from '../../kernel/time.ts'
import { KafkaConsumer } from '../../kafka/client/consumer/kafka-consumer.ts'
import type { ConsumedRecord } from '../../kafka/client/consumer/completed-fetch.ts'
import type { ConsumerOwner } from '../../kafka/client/consumer/consumer-owner.ts'
import type { PollFailure } from '../../kafka/client/consumer/poll-failure.ts'
import type { ProducerTopic } from '../../kafka/client/producer-owner.ts'
import type { Env } from '../../kafka/env.ts'
import type { ConsumerConfig } from '../../kafka/protocol/config/consumer.ts'
import type { ClientProfile } from '../../kafka/protocol/profile.ts'
import type { StatefulTask } from './stateful-task.ts'

/** How long one poll() lasts: while it asks where changelogs end, and while it reads (`poll.ms`). */
const ASK_US: number = 50 * MILLISECOND
const READ_US: number = 100 * MILLISECOND

export interface ChangelogReaderOptions {
  readonly timerBase: number
  readonly changelog: ProducerTopic
  /** Settings of the application's own consumer. */
  readonly config: ConsumerConfig
  readonly profile: ClientProfile
  readonly bootstrap: readonly number[]
}

export interface ChangelogReaderOwner {
  onChangelogRecord(task: StatefulTask, record: ConsumedRecord): void
  onRestored(task: StatefulTask): void
  /** Its changelog does not hold the place any more from which it was to go on. */
  onCorrupted(task: StatefulTask): void
}

/**
 * `StoreChangelogReader`: restores the stores of several tasks with one consumer, up to where their changelogs end now. Where
 * they end is asked without regard to open transactions (KAFKA-10167): of the last one that was committed the marker may not
 * be there yet. What is then read is committed, with exactly_once_v2.
 */
export class ChangelogReader implements ConsumerOwner {
  private readonly env: Env
  private readonly options: ChangelogReaderOptions
  private readonly owner: ChangelogReaderOwner
  private consumer: KafkaConsumer | null = null
  /** Tasks at work, by partition of the changelog. */
  private readonly tasks: Map<number, StatefulTask> = new Map()
  /** Where changelogs end; null while that is asked. */
  private ends: ReadonlyMap<number, number> | null = null
  /** Tasks that came while others were at work. */
  private later: StatefulTask[] = []

  constructor(env: Env, options: ChangelogReaderOptions, owner: ChangelogReaderOwner) {
    this.env = env
    this.options = options
    this.owner = owner
  }

  get isIdle(): boolean {
    return this.tasks.size === 0 && this.later.length === 0
  }

  restore(tasks: readonly StatefulTask[]): void {
    this.later.push(...tasks)
    if (this.tasks.size === 0) this.begin()
  }

  /** The task is closed. */
  forget(task: StatefulTask): void {
    this.later = this.later.filter((one) => one !== task)
    if (this.tasks.get(task.changelog) === task) this.leave(task)
  }

  get client(): KafkaConsumer | null {
    return this.consumer
  }

  private begin(): void {
    for (const task of this.later) this.tasks.set(task.changelog, task)
    this.later = []
    if (this.tasks.size > 0) this.ask()
  }

  /** Another consumer stands at the ends, as `auto.offset.reset=latest` has it: `Admin.listOffsets()`. */
  private ask(): void {
    this.ends = null
    this.use({ 'auto.offset.reset': 'latest', 'isolation.level': 'read_uncommitted' })
    this.consumer?.poll(ASK_US)
  }

  private use(own: Partial<ConsumerConfig>): void {
    const { timerBase, changelog, profile, bootstrap } = this.options
    const anonymous = { 'group.id': '', 'group.instance.id': '', 'enable.auto.commit': false } as const
    const config = { ...this.options.config, ...anonymous, ...own }
    const client = { timerBase, topics: [changelog], subscribe: null, bootstrap, config, profile }
    this.consumer?.closeNow()
    const assign = [...this.tasks.keys()].sort((a, b) => a - b)
    this.consumer = new KafkaConsumer(this.env, { ...client, assign, memberTag: 'its changelogs' }, this)
    this.consumer.start()
  }

  onPolled(records: readonly ConsumedRecord[]): void {
    const { ends } = this
    if (ends === null) {
      this.asked()
      return
    }
    for (const record of records) {
      const task = this.tasks.get(record.tp)
      // What lies behind the end is somebody else's: the task's own records come later.
      if (task !== undefined && record.offset < (ends.get(record.tp) ?? 0)) this.owner.onChangelogRecord(task, record)
    }
    this.finish(ends)
    if (this.tasks.size > 0 && this.ends === ends) this.consumer?.poll(READ_US)
  }

  private asked(): void {
    const { consumer, tasks } = this
    if (consumer === null) return
    const ends = new Map([...tasks.keys()].map((tp) => [tp, consumer.position(tp)]))
    if ([...ends.values()].some((end) => end < 0)) {
      consumer.poll(ASK_US)
      return
    }
    this.ends = ends
    this.use({ 'auto.offset.reset': 'none' })
    for (const [tp, task] of tasks) this.consumer?.seek(tp, task.restoresFrom)
    this.finish(ends)
    if (this.tasks.size > 0 && this.ends === ends) this.consumer?.poll(READ_US)
  }

  /** `hasRestoredToEnd` */
  private finish(ends: ReadonlyMap<number, number>): void {
    for (const [tp, task] of [...this.tasks]) {
      const end = ends.get(tp) ?? 0
      if (end > 0 && (this.consumer?.position(tp) ?? -1) < end) continue
      this.owner.onRestored(task)
      this.leave(task)
    }
  }

  private leave(task: StatefulTask): void {
    this.tasks.delete(task.changelog)
    this.consumer?.pause(task.changelog)
    if (this.tasks.size > 0) return
    this.consumer?.closeNow()
    this.consumer = null
    this.ends = null
    this.begin()
  }

  onPollFailed(failure: PollFailure): void {
    const { ends } = this
    const isGone = failure.kind === 'offset-out-of-range' || failure.kind === 'log-truncation'
    const gone = isGone ? failure.partitions.flatMap((tp) => this.tasks.get(tp) ?? []) : []
    if (gone.length === 0) {
      this.consumer?.poll(ends === null ? ASK_US : READ_US)
      return
    }
    for (const task of gone) {
      this.leave(task)
      this.owner.onCorrupted(task)
    }
    if (this.tasks.size > 0 && this.ends === ends && ends !== null) this.consumer?.poll(READ_US)
  }

  onCommitted(): void {}
  onPartitionsAssigned(): void {}
  onPartitionsRevoked(): void {}
  onPartitionsLost(): void {}
  onClosed(): void {}
}
