import { INT_MAX } from '../../../sim/kafka/protocol/config/definition.ts'
import {
  PRODUCER_CONFIG,
  PRODUCER_NOT_SIMULATED,
  type ProducerConfig,
} from '../../../sim/kafka/protocol/config/producer.ts'
import { CLIENT_PROFILES, type ClientProfileName } from '../../../sim/kafka/protocol/profile.ts'
import type { Place } from '../place.ts'
import { instanceIdText } from './instance-ids.ts'
import { type ConfigKind, type ConfigValue, defaultsOf, type ResolvedConfig, resolveConfig } from './config.ts'

const ID = 'transactional.id'

/** What a producer can be configured with. */
export const PRODUCER: ConfigKind = {
  what: 'producer',
  table: PRODUCER_CONFIG,
  notSimulated: PRODUCER_NOT_SIMULATED,
  byHand: { [ID]: { default: '', parse: transactionalIdAt } },
}

/** A producer's settings after defaults, or what stands `instead` of them, and after what Kafka itself makes of them. */
export function resolveProducerConfig(
  place: Place,
  profile: ClientProfileName,
  instead: Readonly<Record<string, ConfigValue>> = {},
): ProducerConfig {
  const defaults: Record<string, ConfigValue> = {
    ...defaultsOf(PRODUCER_CONFIG, CLIENT_PROFILES[profile].producerDefaults),
    [ID]: '',
    ...instead,
  }
  const config = resolveConfig(place, PRODUCER, defaults)
  const values = { ...config.values }
  const rules = new Rules(place, config, values)
  rules.reconnectBackoff()
  rules.idempotence(defaults['enable.idempotence'] === true)
  rules.transactionalId()
  rules.deliveryTimeout()
  return values as unknown as ProducerConfig
}

/** What `ProducerConfig.postProcessParsedConfig` and `KafkaProducer.configureDeliveryTimeout` do with a configuration. */
class Rules {
  readonly #place: Place
  readonly #written: ReadonlyMap<string, Place>
  readonly #values: Record<string, ConfigValue>

  constructor(place: Place, config: ResolvedConfig, values: Record<string, ConfigValue>) {
    this.#place = place
    this.#written = config.written
    this.#values = values
  }

  /** `CommonClientConfigs.postProcessReconnectBackoffConfigs` */
  reconnectBackoff(): void {
    const backoff = this.#values['reconnect.backoff.ms']
    if (backoff === undefined || !this.#written.has('reconnect.backoff.ms')) return
    if (!this.#written.has('reconnect.backoff.max.ms')) this.#values['reconnect.backoff.max.ms'] = backoff
  }

  /** `ProducerConfig.postProcessAndValidateIdempotenceConfigs`; before KIP-679 idempotence had to be asked for. */
  idempotence(onByDefault: boolean): void {
    const asked = this.#written.has('enable.idempotence')
    if (this.#values['enable.idempotence'] !== true) return
    // Before 3.0 a producer that asked for idempotence got acks=all unless it wrote acks itself.
    if (!onByDefault && !this.#written.has('acks')) this.#values['acks'] = 'all'
    const against = this.#against()
    if (asked) {
      for (const [key, value, need] of against) {
        const message = `\`enable.idempotence: true\` needs ${need}, not ${value}; Kafka refuses this producer with ConfigException`
        const help =
          key === 'acks'
            ? 'write `acks: all`, or `enable.idempotence: false`'
            : 'leave `retries` out, or write `enable.idempotence: false`'
        this.#at('enable.idempotence').error('TWICESHY_CONFIG_REFUSED', message, help, this.#at(key))
      }
    } else {
      for (const [key, value] of against) {
        const message = `\`${key}: ${value}\` silently turns idempotence off`
        const help =
          'Kafka does so when `enable.idempotence` is not written; write `enable.idempotence: false` to say that it is meant'
        this.#at(key).warning('TWICESHY_CONFIG_SURPRISE', message, help)
      }
    }
    this.#inFlight(asked)
    if (against.length > 0 && !asked) this.#values['enable.idempotence'] = false
  }

  #against(): (readonly [key: string, value: string, need: string])[] {
    const { acks, retries } = this.#values
    const found: (readonly [string, string, string])[] = []
    if (acks !== 'all') found.push(['acks', String(acks), '`acks: all`'])
    if (retries === 0) found.push(['retries', '0', '`retries` above 0'])
    return found
  }

  /** Kafka checks this before it turns idempotence off, so `acks: 1` does not help. */
  #inFlight(asked: boolean): void {
    const inFlight = Number(this.#values['max.in.flight.requests.per.connection'])
    if (inFlight <= 5) return
    const why = asked ? '`enable.idempotence: true`' : 'idempotence, which is on by default,'
    const message = `${why} needs \`max.in.flight.requests.per.connection\` of at most 5, not ${inFlight}; Kafka refuses this producer with ConfigException`
    const others = asked ? [this.#at('enable.idempotence')] : []
    const help = 'write at most 5, or `enable.idempotence: false`'
    this.#at('max.in.flight.requests.per.connection').error('TWICESHY_CONFIG_REFUSED', message, help, ...others)
  }

  /** Checked after idempotence, which other settings may have turned off. */
  transactionalId(): void {
    const id = this.#written.get(ID)
    if (id === undefined || this.#values['enable.idempotence'] === true) return
    const others = ['enable.idempotence', 'acks', 'retries'].flatMap((key) => this.#written.get(key) ?? [])
    const message = '`transactional.id` needs `enable.idempotence`; Kafka refuses this producer with ConfigException'
    const help = 'transactions need `acks: all` and `retries` above 0: leave these settings out'
    id.error('TWICESHY_CONFIG_REFUSED', message, help, ...others)
  }

  /** `KafkaProducer.configureDeliveryTimeout` */
  deliveryTimeout(): void {
    const delivery = Number(this.#values['delivery.timeout.ms'])
    const linger = Math.min(Number(this.#values['linger.ms']), INT_MAX)
    const request = Number(this.#values['request.timeout.ms'])
    const least = Math.min(linger + request, INT_MAX)
    if (delivery >= least) return
    const others = ['linger.ms', 'request.timeout.ms'].flatMap((key) => this.#written.get(key) ?? [])
    if (this.#written.has('delivery.timeout.ms')) {
      const message = `\`delivery.timeout.ms\` (${delivery}) is below \`linger.ms\` + \`request.timeout.ms\` (${linger} + ${request}); Kafka refuses this producer with ConfigException`
      const help = `write at least ${least}, or lower \`request.timeout.ms\``
      this.#at('delivery.timeout.ms').error('TWICESHY_CONFIG_REFUSED', message, help, ...others)
      return
    }
    this.#values['delivery.timeout.ms'] = least
    const [first = this.#place, ...rest] = others
    const message = `Kafka raises \`delivery.timeout.ms\` to ${least}, the sum of \`linger.ms\` and \`request.timeout.ms\``
    first.warning('TWICESHY_CONFIG_SURPRISE', message, 'write `delivery.timeout.ms` to say what is meant', ...rest)
  }

  #at(key: string): Place {
    return this.#written.get(key) ?? this.#place
  }
}

/** Kafka takes any text but an empty one (`ConfigDef.NonEmptyString`). */
function transactionalIdAt(entry: Place): string | null {
  const text = instanceIdText(entry)
  if (text !== '') return text
  entry.error('TWICESHY_CONFIG_REFUSED', 'Kafka refuses an empty `transactional.id`', 'write a name, or leave it out')
  return null
}
