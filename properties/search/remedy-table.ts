import type { ProducerSpec, TopicSpec, WorldSpec } from '../../sim/spec.ts'

/**
 * One safety setting: where it could be safer, and what would be written there. A change is a list of `path=value`, as
 * `--set` takes them, so that it means exactly what a user would get by writing it; what Kafka refuses is no remedy.
 */
export interface SettingChange {
  /** The setting and its value, as in a file. */
  readonly name: string
  /** What to write, for each place where the setting is not that safe yet; empty = it does not apply. */
  readonly sets: (spec: WorldSpec) => readonly string[]
}

const INT_MAX = 2_147_483_647

/** Settings that make publishing safer, the usual advice first. */
export const SETTING_CHANGES: readonly SettingChange[] = [
  producers('acks=all', 'config.acks', 'all', ({ config }) => config.acks !== 'all'),
  producers('enable.idempotence=true', 'config.enable.idempotence', 'true', (p) => !p.config['enable.idempotence']),
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
  producers(`retries=${INT_MAX}`, 'config.retries', String(INT_MAX), ({ config }) => config.retries < INT_MAX),
  producers('retries=0', 'config.retries', '0', ({ config }) => config.retries > 0),
  producers(
    'max.in.flight.requests.per.connection=1',
    'config.max.in.flight.requests.per.connection',
    '1',
    ({ config }) => config['max.in.flight.requests.per.connection'] > 1,
  ),
  producers('on-unknown: give-up', 'on-unknown', 'give-up', ({ onUnknown }) => onUnknown !== 'give-up'),
]

function producers(
  name: string,
  key: string,
  value: string,
  unsafe: (producer: ProducerSpec) => boolean,
): SettingChange {
  return {
    name,
    sets: (spec) => spec.producers.filter(unsafe).map((producer) => `producers.${producer.name}.${key}=${value}`),
  }
}

function topics(name: string, key: string, value: string, unsafe: (topic: TopicSpec) => boolean): SettingChange {
  return { name, sets: (spec) => spec.topics.filter(unsafe).map((topic) => `topics.${topic.name}.${key}=${value}`) }
}
