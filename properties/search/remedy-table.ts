import type { ProducerConfig } from '../../sim/kafka/protocol/config/producer.ts'
import type { TopicSpec, WorldSpec } from '../../sim/spec.ts'
import { READER_CHANGES } from './reader-remedies.ts'
import type { SettingChange } from './setting-change.ts'
import { TRANSACTION_CHANGES } from './transaction-remedies.ts'

const INT_MAX = 2_147_483_647

/** Settings that make publishing safer, the usual advice first. */
const PUBLISHER_CHANGES: readonly SettingChange[] = [
  publishers('acks=all', 'acks', 'all', (config) => config.acks !== 'all'),
  publishers('enable.idempotence=true', 'enable.idempotence', 'true', (config) => !config['enable.idempotence']),
  topics('min.insync.replicas=2', 'min.insync.replicas', '2', (topic) => {
    return topic.config['min.insync.replicas'] < 2 && topic.replicationFactor >= 2
  }),
  {
    name: 'replication.factor=3',
    sets: ({ cluster, topics }) =>
      topics
        .filter(({ replicationFactor }) => replicationFactor < 3 && cluster.brokers.length >= 3)
        .map(({ name }) => `topics.${name}.replication.factor=3`),
  },
  topics('unclean.leader.election.enable=false', 'unclean.leader.election.enable', 'false', (topic) => {
    return topic.config['unclean.leader.election.enable']
  }),
  topics('flush.messages=1', 'flush.messages', '1', ({ config }) => config['flush.messages'] > 1),
  publishers(`retries=${INT_MAX}`, 'retries', String(INT_MAX), (config) => config.retries < INT_MAX),
  publishers('retries=0', 'retries', '0', (config) => config.retries > 0),
  publishers(
    'max.in.flight.requests.per.connection=1',
    'max.in.flight.requests.per.connection',
    '1',
    (config) => config['max.in.flight.requests.per.connection'] > 1,
  ),
  {
    name: 'on-unknown: give-up',
    sets: (spec) =>
      spec.producers
        .filter(({ onUnknown, source }) => onUnknown !== 'give-up' && source === undefined)
        .map(({ name }) => `producers.${name}.on-unknown=give-up`),
  },
  {
    // Of a dual write: what was begun is done again until both halves are there.
    name: 'on-unknown: resend',
    sets: (spec) =>
      spec.producers
        .filter(({ onUnknown, writes }) => onUnknown !== 'resend' && writes !== undefined)
        .map(({ name }) => `producers.${name}.on-unknown=resend`),
  },
]

/** Every setting that may be changed, the usual advice first. */
export const SETTING_CHANGES: readonly SettingChange[] = [
  ...PUBLISHER_CHANGES,
  ...READER_CHANGES,
  ...TRANSACTION_CHANGES,
]

/** Of producers and of processors, which publish too. */
function publishers(
  name: string,
  key: string,
  value: string,
  unsafe: (config: ProducerConfig) => boolean,
): SettingChange {
  return {
    name,
    sets: ({ producers, processors }) => [
      ...producers
        .filter(({ config }) => unsafe(config))
        .map((each) => `${each.source === undefined ? 'producers' : 'sources'}.${each.name}.config.${key}=${value}`),
      ...processors
        .filter(({ producerConfig }) => unsafe(producerConfig))
        .map((each) => `processors.${each.name}.config.${key}=${value}`),
    ],
  }
}

function topics(name: string, key: string, value: string, unsafe: (topic: TopicSpec) => boolean): SettingChange {
  return {
    name,
    sets: (spec: WorldSpec) => spec.topics.filter(unsafe).map((topic) => `topics.${topic.name}.${key}=${value}`),
  }
}
