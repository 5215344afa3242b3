import { ms } from '../../kernel/time.ts'
import { Api } from '../protocol/api.ts'
import type { ProducerConfig } from '../protocol/config/producer.ts'
import type { ClientSwitches } from '../protocol/client-switches.ts'
import type { ClientProfile } from '../protocol/profile.ts'
import type { NetworkClientOptions } from './network-client.ts'

/** No timer is set for a time this far away (17 years) or further: it means "never". */
export const NEVER_US = 562_949_953_421_312

/** A producer's configuration as the client uses it: times in microseconds, consequences drawn. */
export interface ProducerSettings {
  readonly acks: -1 | 0 | 1
  /** Sequences and producer ids are used. */
  readonly idempotent: boolean
  /** One request in flight: a partition is muted while a batch of it is out (`guaranteeMessageOrder`). */
  readonly guaranteeOrder: boolean
  readonly maxInFlight: number
  readonly batchSize: number
  readonly bufferMemory: number
  readonly maxRequestSize: number
  readonly lingerUs: number
  readonly maxBlockUs: number
  readonly deliveryTimeoutUs: number
  readonly requestTimeoutUs: number
  readonly requestTimeoutMs: number
  readonly retries: number
  readonly retryBackoffUs: number
  readonly retryBackoffMaxUs: number
  readonly reconnectBackoffUs: number
  readonly reconnectBackoffMaxUs: number
  readonly setupTimeoutUs: number
  readonly setupTimeoutMaxUs: number
  readonly metadataMaxAgeUs: number
  /** See `MetadataSettings`. */
  readonly knowsEpochs: boolean
  /** See `MetadataSettings`. */
  readonly knowsTopicIds: boolean
  readonly ignoreKeys: boolean
  /** KIP-951: leaders named in error answers are used, and a leader change ends a batch's retry back-off. */
  readonly leaderHints: boolean
  readonly produceVersion: number
  /** null = no transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
  /** Where another client than today's Java client does otherwise. */
  readonly switches: ClientSwitches
}

/**
 * `KafkaProducer`'s own conclusions from its configuration. Idempotence needs acks=all and retries; where those are changed
 * without asking for idempotence, it is silently off (`ProducerConfig.maybeOverrideEnableIdempotence`).
 */
export function producerSettings(config: ProducerConfig, profile: ClientProfile): ProducerSettings {
  const acks = config.acks === 'all' ? -1 : config.acks === '1' ? 1 : 0
  const maxInFlight = config['max.in.flight.requests.per.connection']
  const transactionalId = config['transactional.id'] === '' ? null : config['transactional.id']
  return {
    acks,
    idempotent: transactionalId !== null || (config['enable.idempotence'] && acks === -1 && config.retries > 0),
    guaranteeOrder: maxInFlight === 1 && profile['partition.muting'] === 'while-in-flight',
    maxInFlight,
    batchSize: Math.max(1, config['batch.size']),
    bufferMemory: config['buffer.memory'],
    maxRequestSize: config['max.request.size'],
    lingerUs: ms(config['linger.ms']),
    maxBlockUs: ms(config['max.block.ms']),
    deliveryTimeoutUs: ms(config['delivery.timeout.ms']),
    requestTimeoutUs: ms(config['request.timeout.ms']),
    requestTimeoutMs: config['request.timeout.ms'],
    retries: config.retries,
    retryBackoffUs: ms(config['retry.backoff.ms']),
    retryBackoffMaxUs: ms(config['retry.backoff.max.ms']),
    reconnectBackoffUs: ms(config['reconnect.backoff.ms']),
    reconnectBackoffMaxUs: ms(config['reconnect.backoff.max.ms']),
    setupTimeoutUs: ms(config['socket.connection.setup.timeout.ms']),
    setupTimeoutMaxUs: ms(config['socket.connection.setup.timeout.max.ms']),
    metadataMaxAgeUs: ms(config['metadata.max.age.ms']),
    knowsEpochs: true,
    knowsTopicIds: profile['metadata.topic-ids'] === 'told',
    ignoreKeys: config['partitioner.ignore.keys'],
    leaderHints: profile.leaderHints,
    produceVersion: profile.produceVersion,
    transactionalId,
    transactionTimeoutMs: config['transaction.timeout.ms'],
    switches: profile,
  }
}

/** What the producer's connections are made of. */
export function networkOptions(timerBase: number, settings: ProducerSettings): NetworkClientOptions {
  return {
    timerBase,
    maxInFlight: settings.maxInFlight,
    requestTimeoutUs: settings.requestTimeoutUs,
    reconnectBackoffUs: settings.reconnectBackoffUs,
    reconnectBackoffMaxUs: settings.reconnectBackoffMaxUs,
    setupTimeoutUs: settings.setupTimeoutUs,
    setupTimeoutMaxUs: settings.setupTimeoutMaxUs,
    versions: { [Api.Produce]: settings.produceVersion },
  }
}
