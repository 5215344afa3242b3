import { NEVER_CLEANED } from '../log/cleanup-policy.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { BROKER_SYNONYM, type TopicConfig } from '../protocol/config/topic.ts'
import { type MetadataCache, SHARE_STATE_TOPIC, TRANSACTIONS_TOPIC } from './metadata-cache.ts'

/**
 * Kafka's own topics are compacted, in segments of their own size (`offsets.topic.segment.bytes` and the others'), and so
 * nothing of them is deleted. The cleaner does not come by here.
 */
const INTERNAL: Partial<TopicConfig> = {
  'cleanup.policy': 'compact',
  'min.cleanable.dirty.ratio': NEVER_CLEANED,
  'segment.bytes': 104_857_600,
}

/**
 * A topic's settings as a broker knows them: the scenario's and what operators changed of them, or for Kafka's own topics what
 * the broker sets for all, and what the transaction log was created with.
 */
export function topicConfigOf(
  topicId: number,
  known: { readonly config: BrokerConfig; readonly topicConfigs: ReadonlyMap<number, TopicConfig> },
  metadata: MetadataCache,
): TopicConfig {
  const configured = known.topicConfigs.get(topicId)
  if (configured !== undefined) {
    const altered = metadata.altered.get(topicId)
    return altered === undefined ? configured : { ...configured, ...altered }
  }
  const defaults = { ...topicDefaults(known.config), ...INTERNAL }
  const minIsr = metadata.minInsyncReplicas
  const ofTransactions = topicId === metadata.transactionsTopicId ? minIsr.get(TRANSACTIONS_TOPIC) : undefined
  if (ofTransactions !== undefined)
    return { ...defaults, 'min.insync.replicas': ofTransactions, 'unclean.leader.election.enable': false }
  const ofShares = topicId === metadata.shareStateTopicId ? minIsr.get(SHARE_STATE_TOPIC) : undefined
  return ofShares === undefined ? defaults : { ...defaults, 'min.insync.replicas': ofShares }
}

/** A topic without settings of its own (`LogConfig` from `KafkaConfig.extractLogConfigMap`). */
function topicDefaults(config: BrokerConfig): TopicConfig {
  const entries = Object.entries(BROKER_SYNONYM).map(([name, synonym]) => [name, config[synonym as keyof BrokerConfig]])
  return Object.fromEntries(entries) as TopicConfig
}
