import type { ClientChoice } from '../../../sim/kafka/protocol/profile.ts'
import type { Place } from '../place.ts'
import type { ConfigValue, ResolvedConfig } from './config.ts'
import type { ApplicationFacts, ClusterFacts } from './context.ts'
import { checkProtocol } from './group-protocol.ts'

/** What Kafka's client and its brokers make of a consumer's configuration, or refuse. */
export class ConsumerRules {
  readonly values: Record<string, ConfigValue>
  readonly #facts: ApplicationFacts
  readonly #place: Place
  readonly #written: ReadonlyMap<string, Place>
  readonly #brokers: ClusterFacts['configs']

  constructor(facts: ApplicationFacts, place: Place, config: ResolvedConfig, cluster: ClusterFacts) {
    this.#facts = facts
    this.#brokers = cluster.configs
    this.#place = place
    this.#written = config.written
    this.values = { ...config.values }
  }

  get group(): string {
    return String(this.values['group.id'])
  }

  written(key: string): Place | undefined {
    return this.#written.get(key)
  }

  check(profile: ClientChoice): void {
    checkProtocol(this.values, this.#written, this.#brokers, profile)
    this.#reconnectBackoff()
    this.#groupId()
    this.#autoCommitWithoutGroup()
    if (!this.#facts.subscribes) return
    if (this.values['group.protocol'] !== 'consumer') this.#session()
    this.#instanceId()
  }

  /** `CommonClientConfigs.postProcessReconnectBackoffConfigs` */
  #reconnectBackoff(): void {
    const backoff = this.values['reconnect.backoff.ms']
    if (backoff === undefined || !this.#written.has('reconnect.backoff.ms')) return
    if (!this.#written.has('reconnect.backoff.max.ms')) this.values['reconnect.backoff.max.ms'] = backoff
  }

  /** `ClassicKafkaConsumer.throwIfGroupIdNotDefined`, when it subscribes. */
  #groupId(): void {
    const { place, kind, name, subscribes } = this.#facts
    const written = this.#place.get('group.id')
    if (this.group !== '' || !subscribes || (written.written && written.text()?.trim() !== '')) return
    const message = `${kind} \`${name}\` has no \`group.id\`; Kafka refuses its subscription with InvalidGroupIdException`
    const help = `write \`config: { group.id: ${name} }\`, or take partitions by \`assign\``
    const at = written.written ? written : this.#place.written ? this.#place : place
    at.atKey().error('TWICESHY_MISSING', message, help)
  }

  /** `ConsumerConfig.maybeOverrideEnableAutoCommit` (KIP-289) */
  #autoCommitWithoutGroup(): void {
    if (this.group !== '') return
    const auto = this.#written.get('enable.auto.commit')
    if (auto !== undefined && this.values['enable.auto.commit'] === true && !this.#facts.subscribes) {
      const message =
        '`enable.auto.commit: true` needs a `group.id`; Kafka refuses this consumer with InvalidConfigurationException'
      auto.error('TWICESHY_CONFIG_REFUSED', message, 'write a `group.id`, or leave `enable.auto.commit` out')
    }
    this.values['enable.auto.commit'] = false
  }

  #session(): void {
    const session = Number(this.values['session.timeout.ms'])
    const heartbeat = Number(this.values['heartbeat.interval.ms'])
    const at = this.#written.get('session.timeout.ms')
    const least = Math.min(...this.#brokers.map((config) => config['group.min.session.timeout.ms']))
    const longest = Math.max(...this.#brokers.map((config) => config['group.max.session.timeout.ms']))
    if (at !== undefined && (session < least || session > longest)) {
      const message = `brokers take \`session.timeout.ms\` from ${least} to ${longest}, not ${session}; they refuse the member with INVALID_SESSION_TIMEOUT`
      at.error(
        'TWICESHY_CONFIG_REFUSED',
        message,
        'these are `group.min.session.timeout.ms` and `group.max.session.timeout.ms`',
      )
    }
    // `Heartbeat`'s constructor.
    if (heartbeat < session) return
    const [first = this.#place, ...others] = ['heartbeat.interval.ms', 'session.timeout.ms'].flatMap(
      (key) => this.#written.get(key) ?? [],
    )
    const message = `\`heartbeat.interval.ms\` (${heartbeat}) must be lower than \`session.timeout.ms\` (${session}); Kafka refuses this consumer with IllegalArgumentException`
    first.error('TWICESHY_CONFIG_REFUSED', message, 'usually it is a third of it', ...others)
  }

  /** Static members of one name fence each other (KIP-345). */
  #instanceId(): void {
    const { instances, place, name } = this.#facts
    const id = String(this.values['group.instance.id'])
    const at = this.#written.get('group.instance.id')
    if (at === undefined || instances < 2 || id.includes('${instance}') || id.includes('${random}')) return
    const message = `all ${instances} instances of \`${name}\` would be the static member \`${id}\`, and fence each other`
    at.error(
      'TWICESHY_IMPOSSIBLE',
      message,
      `write \`group.instance.id: "${id}-\${instance}"\``,
      place.get('instances'),
    )
  }
}
