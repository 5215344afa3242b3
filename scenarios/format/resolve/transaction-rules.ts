import type { ProducerConfig } from '../../../sim/kafka/protocol/config/producer.ts'
import type { ProducerSpec, WorldSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { differsByInstance } from './instance-ids.ts'

const REPLICAS = 'transaction.state.log.replication.factor'
const ID = 'transactional.id'
const SUPPORT = 'exactly.once.source.support'
const TIMEOUT = 'transaction.timeout.ms'
const MAX_TIMEOUT = 'transaction.max.timeout.ms'

/** An application with a `transactional.id`. */
interface Transactional {
  readonly facts: ApplicationFacts
  readonly config: ProducerConfig
  readonly at: Place
}

type Workers = Pick<WorldSpec, 'producers' | 'processors'>

/** What transactions need of the cluster and of each other, and what Kafka refuses. */
export function checkTransactions(workers: Workers, context: Context): void {
  const publishers = [
    ...workers.producers.map(({ name, config }) => [name, config] as const),
    ...workers.processors.map(({ name, producerConfig }) => [name, producerConfig] as const),
  ]
  const transactional = publishers.flatMap(([name, config]) => {
    const facts = context.applications.get(name)
    if (facts === undefined || config[ID] === '') return []
    return [{ facts, config, at: facts.place.get('config').get(facts.kind === 'source' ? SUPPORT : ID) }]
  })
  checkTopic(transactional, context)
  for (const each of transactional) checkTimeout(each, context)
  checkIds(transactional)
}

/** Transactions are kept in a topic of Kafka's own, which is not created while there are too few brokers for it. */
function checkTopic([first]: readonly Transactional[], { cluster }: Context): void {
  const { brokers, transactionsReplicas, brokersPlace, perfect, setting } = cluster
  if (first === undefined || perfect) return
  const factor = setting(REPLICAS)
  const has = brokers === 1 ? 'there is 1' : `there are ${brokers}`
  const help = `add \`${REPLICAS}: ${brokers}\` to \`cluster.config\`, or raise \`cluster.brokers\``
  if (factor.written && transactionsReplicas > brokers) {
    const message = `\`${first.facts.name}\` can never begin a transaction: Kafka's topic for them needs ${transactionsReplicas} brokers (\`${REPLICAS}\`), and ${has}`
    factor.error('TWICESHY_IMPOSSIBLE', message, help, brokersPlace)
  } else if (!factor.written && brokers < 3) {
    const replicas = brokers === 1 ? '1 replica' : `${brokers} replicas`
    const message = `the transactions of \`${first.facts.name}\` are kept in ${replicas} here; by Kafka's default it takes 3 brokers before any begins`
    brokersPlace.warning('TWICESHY_CONFIG_SURPRISE', message, help, first.at)
  }
}

/** `TransactionCoordinator.handleInitProducerId`: INVALID_TRANSACTION_TIMEOUT. */
function checkTimeout({ facts, config, at }: Transactional, { cluster }: Context): void {
  const timeout = config[TIMEOUT]
  const longest = Math.min(...cluster.configs.map((each) => each[MAX_TIMEOUT]))
  if (timeout > 0 && timeout <= longest) return
  const written = facts.place.get('config').get(TIMEOUT)
  const place = written.written ? written : at
  const message =
    timeout > longest
      ? `\`${TIMEOUT}\` (${timeout}) is above the brokers' \`${MAX_TIMEOUT}\` (${longest}); they refuse this producer with INVALID_TRANSACTION_TIMEOUT`
      : `\`${TIMEOUT}\` is ${timeout}; brokers refuse this producer with INVALID_TRANSACTION_TIMEOUT`
  const limit = cluster.setting(MAX_TIMEOUT)
  const help = timeout > longest ? `write at most ${longest}, or raise \`${MAX_TIMEOUT}\`` : 'write a timeout above 0'
  place.error('TWICESHY_CONFIG_REFUSED', message, help, ...(limit.written ? [limit] : []))
}

/** Who shares a transactional id fences the other with every initTransactions(). */
function checkIds(transactional: readonly Transactional[]): void {
  const first = new Map<string, Transactional>()
  for (const each of transactional) {
    const { facts, config, at } = each
    const id = config[ID]
    const other = first.get(id)
    if (other === undefined) first.set(id, each)
    else if (!id.includes('${random}')) {
      const message = `\`${other.facts.name}\` and \`${facts.name}\` have one \`${ID}\`, \`${id}\`, and fence each other`
      at.warning('TWICESHY_CONFIG_SURPRISE', message, 'give each an id of its own', other.at)
    }
    if (facts.instances < 2 || differsByInstance(id)) continue
    const message = `all ${facts.instances} instances of \`${facts.name}\` have the \`${ID}\` \`${id}\`, and fence each other`
    at.warning(
      'TWICESHY_CONFIG_SURPRISE',
      message,
      `write \`${ID}: "${id}-\${instance}"\``,
      facts.place.get('instances'),
    )
  }
}

/**
 * The settings of an application that uses transactions: without a `transactional.id` of its own, which Kafka's client would
 * throw IllegalStateException for, every instance gets one.
 *
 * @param what what uses them, for messages
 */
export function withTransactionalId(
  place: Place,
  what: string,
  config: ProducerConfig,
  { name, place: application }: Pick<ApplicationFacts, 'name' | 'place'>,
): ProducerConfig {
  // A written one may have been refused already.
  if (config[ID] !== '' || application.get('config').has(ID)) return config
  if (!config['enable.idempotence']) {
    const written = ['enable.idempotence', 'acks', 'retries'].map((key) => application.get('config').get(key))
    const message = `${what} needs \`enable.idempotence\`; Kafka refuses this producer with ConfigException`
    const help = 'transactions need `acks: all` and `retries` above 0: leave these settings out'
    place.atKey().error('TWICESHY_CONFIG_REFUSED', message, help, ...written.filter((each) => each.written))
    return config
  }
  const id = `${name}-\${instance}`
  const message = `${what} needs a \`${ID}\`, without which Kafka's client throws IllegalStateException; \`${id}\` is taken`
  place.atKey().warning('TWICESHY_CONFIG_SURPRISE', message, `write \`config: { ${ID}: "${id}" }\``)
  return { ...config, [ID]: id }
}

/** What a producer with a `transactional.id` must do: send within transactions only. */
export function checkSendsInTransactions(place: Place, spec: Pick<ProducerSpec, 'workload' | 'config'>): void {
  const { workload, config } = spec
  if (config[ID] === '' || workload.kind !== 'send' || workload.transactions !== null) return
  const message = `\`${place.name}\` has a \`${ID}\` and sends outside of transactions; Kafka's client throws IllegalStateException`
  const help = 'add `transactions: { every: 10 }`, or leave the id out'
  place.get('config').get(ID).error('TWICESHY_CONFIG_REFUSED', message, help)
}
