import { Env } from '../kafka/env.ts'

/**
 * What clients of an internal topic see of the world: they do everything, and tell nothing of records, which are nobody's but
 * their own. Brokers tell of the topic as of any other.
 */
export class QuietEnv extends Env {
  override emit(): void {}

  override emitWide(): void {}
}
