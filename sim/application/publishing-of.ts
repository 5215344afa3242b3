import type { Env } from '../kafka/env.ts'
import { AcknowledgedPublishing } from './acknowledged-publishing.ts'
import type { SourceJournal } from './source-journal.ts'
import type { SourceProcessOptions } from './source-process-options.ts'
import type { SourcePublishing, SourcePublishingOwner } from './source-publishing.ts'
import { SOURCE_TIMERS as T } from './source-timers.ts'
import { TransactionalPublishing } from './transactional-publishing.ts'

/**
 * What a task publishes by: with or without transactions.
 *
 * @param quiet where offsets are written from that no transaction holds
 */
export function publishingOf(
  env: Env,
  quiet: Env,
  owner: SourcePublishingOwner,
  { name: key, topics, offsetsTopic, bootstrap, config, profile, rules, tellSteps }: SourceProcessOptions,
  journal: SourceJournal,
): SourcePublishing {
  const producer = { timerBase: T.producer, topics, bootstrap, config, profile }
  if (rules.exactlyOnce !== undefined) {
    const transactional = { ...producer, topics: [...topics, offsetsTopic] }
    const options = { producer: transactional, key, boundary: rules.exactlyOnce, tellSteps }
    return new TransactionalPublishing(env, owner, options, journal)
  }
  const writer = { timerBase: T.writer, topic: offsetsTopic, config: rules.offsetsProducer, profile, bootstrap, key }
  const options = { producer, writer, flushIntervalMs: rules.flushIntervalMs, tellSteps }
  return new AcknowledgedPublishing(env, quiet, owner, options, journal)
}
