import { ms } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import type { CleanerRules, CleanerSwitches } from './log-cleaner.ts'
import { mapSizeOf } from './offset-map.ts'
import type { PartitionLog } from './partition-log.ts'

/**
 * When a broker looks for logs to clean (`LogCleaner`): every `log.cleaner.backoff.ms` from its start on, and there is
 * nothing to find before a log has two segments. Cleaning takes no time, so all logs that are due are cleaned at once.
 */
export class CleanerThread {
  private readonly env: Env
  private readonly start: number
  private readonly interval: number
  private readonly rules: CleanerRules
  private isRunning = false

  constructor(env: Env, config: BrokerConfig, switches: CleanerSwitches) {
    this.env = env
    this.start = env.monotonic()
    this.interval = ms(config['log.cleaner.backoff.ms'])
    this.rules = { mapSize: mapSizeOf(config), ...switches }
  }

  begin(timer: number): void {
    if (this.isRunning) return
    this.isRunning = true
    this.env.setTimer(timer, this.interval - ((this.env.monotonic() - this.start) % this.interval))
  }

  onTimer(logs: readonly PartitionLog[], timer: number): void {
    for (const log of logs) if (log.io.isOnline) log.upkeep.cleanIfDue(this.rules)
    this.env.setTimer(timer, this.interval)
  }
}
