import type { BrokerConfig } from '../../../sim/kafka/protocol/config/broker.ts'
import { clientBase, type ClientChoice } from '../../../sim/kafka/protocol/profile.ts'
import type { Place } from '../place.ts'
import { didYouMean, listOf } from '../suggest.ts'
import type { ConfigValue, ResolvedConfig } from './config.ts'

const PROTOCOL = 'group.protocol'
const ASSIGNOR = 'group.remote.assignor'
const SESSION = 'group.consumer.session.timeout.ms'
const HEARTBEAT = 'group.consumer.heartbeat.interval.ms'

/** What belongs to the other protocol, with what to write instead (`ConsumerConfig.checkUnsupportedConfigsPostProcess`). */
const UNSUPPORTED: Readonly<Record<'classic' | 'consumer', Readonly<Record<string, string>>>> = {
  classic: { [ASSIGNOR]: 'write `partition.assignment.strategy`, or `group.protocol: consumer`' },
  consumer: {
    'partition.assignment.strategy': `the brokers assign: write \`${ASSIGNOR}: uniform\` or \`range\``,
    'heartbeat.interval.ms': `the brokers decide: write \`${HEARTBEAT}\` into \`cluster.config\``,
    'session.timeout.ms': `the brokers decide: write \`${SESSION}\` into \`cluster.config\``,
  },
}

/** `group.protocol`, in any case of letters. */
export function protocolAt(entry: Place): string | null {
  const text = entry.text()?.trim().toLowerCase() ?? ''
  if (text === 'classic' || text === 'consumer') return text
  const message = `\`${PROTOCOL}\` must be \`classic\` or \`consumer\`, not ${entry.describe()}`
  entry.error('TWICESHY_VALUE', message, didYouMean(text, ['classic', 'consumer']))
  return null
}

/** `group.remote.assignor`: whether brokers have it is theirs to say. */
export function remoteAssignorAt(entry: Place): string | null {
  const text = entry.text()?.trim() ?? null
  if (text === null) entry.wrongType(`\`${ASSIGNOR}\` must be the name of an assignor`)
  return text
}

/** What a consumer may not set beside its protocol, and what brokers would refuse of it. */
export function checkProtocol(
  values: Readonly<Record<string, ConfigValue>>,
  written: ReadonlyMap<string, Place>,
  brokers: readonly BrokerConfig[],
  profile: ClientChoice,
): void {
  const protocol = values[PROTOCOL] === 'consumer' ? 'consumer' : 'classic'
  for (const [key, help] of Object.entries(UNSUPPORTED[protocol])) {
    const at = written.get(key)
    if (at === undefined || at.text()?.trim() === '') continue
    const message = `Kafka refuses this consumer: ${key} cannot be set when ${PROTOCOL}=${protocol.toUpperCase()}`
    at.keyError('TWICESHY_CONFIG_REFUSED', message, help)
  }
  if (protocol === 'classic') return
  if (clientBase(profile) === 'kafka-2.8') {
    const message = 'a client of Kafka 2.8 knows only the classic protocol (KIP-848 came with 4.0)'
    written.get(PROTOCOL)?.error('TWICESHY_IMPOSSIBLE', message, 'leave it out, or take a newer `profile`')
  }
  checkAssignor(written.get(ASSIGNOR), brokers)
}

function checkAssignor(at: Place | undefined, brokers: readonly BrokerConfig[]): void {
  const name = at?.text()?.trim() ?? ''
  if (at === undefined || name === '') return
  const known = [...new Set(brokers.flatMap((broker) => broker['group.consumer.assignors'].split(', ')))]
  if (brokers.every((broker) => broker['group.consumer.assignors'].split(', ').includes(name))) return
  const message = `brokers assign by ${listOf(known, 'or')} (\`group.consumer.assignors\`), not by \`${name.slice(0, 100)}\`; they refuse the member with UNSUPPORTED_ASSIGNOR`
  at.error('TWICESHY_CONFIG_REFUSED', message, didYouMean(name, known))
}

/** `GroupCoordinatorConfig`: times of consumer groups lie within their limits, and a session outlasts a heartbeat. */
export function checkGroupLimits(place: Place, { values, written }: ResolvedConfig): void {
  const refuse = (key: string, must: string, other: string): void => {
    const [first = place, ...others] = [key, other].flatMap((name) => written.get(name) ?? [])
    const message = `Kafka refuses this broker: ${key} (${String(values[key])}) must be ${must} ${other} (${String(values[other])})`
    first.error('TWICESHY_CONFIG_REFUSED', message, 'change the limit, too', ...others)
  }
  for (const [key, least, most] of [
    [HEARTBEAT, 'group.consumer.min.heartbeat.interval.ms', 'group.consumer.max.heartbeat.interval.ms'],
    [SESSION, 'group.consumer.min.session.timeout.ms', 'group.consumer.max.session.timeout.ms'],
  ] as const) {
    if (Number(values[key]) < Number(values[least])) refuse(key, 'greater than or equal to', least)
    else if (Number(values[key]) > Number(values[most])) refuse(key, 'less than or equal to', most)
  }
  if (Number(values[HEARTBEAT]) >= Number(values[SESSION])) refuse(HEARTBEAT, 'less than', SESSION)
}
