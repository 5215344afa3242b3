import type { BrokerConfig } from '../protocol/config/broker.ts'
import { BROKER_SYNONYM, type TopicConfig } from '../protocol/config/topic.ts'

/** A topic's settings as a broker knows them: the scenario's, or for Kafka's own topics what the broker sets for all. */
export function topicConfigOf(
  topicId: number,
  known: { readonly config: BrokerConfig; readonly topicConfigs: ReadonlyMap<number, TopicConfig> },
): TopicConfig {
  return known.topicConfigs.get(topicId) ?? topicDefaults(known.config)
}

/** A topic without settings of its own (`LogConfig` from `KafkaConfig.extractLogConfigMap`). */
function topicDefaults(config: BrokerConfig): TopicConfig {
  const entries = Object.entries(BROKER_SYNONYM).map(([name, synonym]) => [name, config[synonym as keyof BrokerConfig]])
  return Object.fromEntries(entries) as TopicConfig
}
