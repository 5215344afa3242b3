import { ms } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { TOPIC_CONFIG, type TopicConfig } from '../protocol/config/topic.ts'
import { deletes } from './log-retention.ts'
import type { PartitionLog } from './partition-log.ts'

/**
 * When a broker looks for segments that retention gives away (`LogManager.startup`, `kafka-log-retention`): first after
 * `log.initial.task.delay.ms`, then every `log.retention.check.interval.ms`. It looks only once there can be something: a
 * topic has a limit of its own, or a record is older than any run. Where a clock may be set it always looks.
 */
export class RetentionCheck {
  private readonly env: Env
  private readonly first: number
  private readonly interval: number
  private isRunning = false

  /** To be made when the logs are loaded. */
  constructor(env: Env, config: BrokerConfig) {
    this.env = env
    this.first = env.monotonic() + ms(config['log.initial.task.delay.ms'])
    this.interval = ms(config['log.retention.check.interval.ms'])
  }

  /** A log is there, or has got other settings. */
  onConfig(config: TopicConfig, timer: number): void {
    const isUsual = config['retention.bytes'] < 0 && config['retention.ms'] === TOPIC_CONFIG['retention.ms']?.default
    if (deletes(config) && !isUsual) this.begin(timer)
  }

  /** Looks, from time to time, whether the next check would find anything. */
  lookAhead(logs: readonly PartitionLog[], timer: number): void {
    if (this.isRunning) return
    if (this.env.clockMayMove) return this.begin(timer)
    const wait = this.untilNext()
    for (const log of logs) if (log.upkeep.hasDeletable(wait)) return this.begin(timer)
  }

  onTimer(logs: readonly PartitionLog[], timer: number): void {
    for (const log of logs) if (log.io.isOnline) log.upkeep.deleteOldSegments()
    this.env.setTimer(timer, this.interval)
  }

  private begin(timer: number): void {
    if (this.isRunning) return
    this.isRunning = true
    this.env.setTimer(timer, this.untilNext())
  }

  /** Microseconds to the next time on the check's calendar, which begins with the process. */
  private untilNext(): number {
    const since = this.env.monotonic() - this.first
    return since <= 0 ? -since : this.interval - (since % this.interval)
  }
}
