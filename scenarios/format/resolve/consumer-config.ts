import {
  BY_DURATION,
  CONSUMER_CONFIG,
  CONSUMER_NOT_SIMULATED,
  isoDurationMs,
} from '../../../sim/kafka/protocol/config/consumer.ts'
import type { ConfigDefinition } from '../../../sim/kafka/protocol/config/definition.ts'
import { PRODUCER_CONFIG, PRODUCER_NOT_SIMULATED } from '../../../sim/kafka/protocol/config/producer.ts'
import type { ClientProfileName } from '../../../sim/kafka/protocol/profile.ts'
import type { Place } from '../place.ts'
import {
  type ConfigKind,
  type ConfigValue,
  defaultsOf,
  isSetting,
  parseSetting,
  type ResolvedConfig,
  resolveConfig,
} from './config.ts'
import { strategiesAt } from './assignors.ts'
import { protocolAt, remoteAssignorAt } from './group-protocol.ts'
import { idText, instanceIdText } from './instance-ids.ts'
import { PRODUCER } from './producer-config.ts'

/** What a consumer can be configured with. */
export const CONSUMER: ConfigKind = {
  what: 'consumer',
  table: CONSUMER_CONFIG,
  notSimulated: CONSUMER_NOT_SIMULATED,
  byHand: {
    'auto.offset.reset': { parse: resetAt },
    'client.rack': { default: '', parse: idText },
    'group.id': { default: '', parse: groupIdAt },
    'group.instance.id': { default: '', parse: instanceIdAt },
    'group.protocol': { default: 'classic', parse: protocolAt },
    'group.remote.assignor': { default: '', parse: remoteAssignorAt },
    'partition.assignment.strategy': { default: 'range, cooperative-sticky', parse: strategiesAt },
  },
}

/** What a processor can be configured with: its consumer's and its producer's settings in one map. */
export const PROCESSOR: ConfigKind = {
  what: 'consumer and producer',
  table: { ...PRODUCER_CONFIG, ...CONSUMER_CONFIG },
  notSimulated: [...CONSUMER_NOT_SIMULATED, ...PRODUCER_NOT_SIMULATED],
  byHand: { ...CONSUMER.byHand, ...PRODUCER.byHand },
}

/** Defaults of older clients: `session.timeout.ms` before KIP-735, assignors before KIP-726, both 3.0. */
const OLDER_DEFAULTS: Readonly<Partial<Record<ClientProfileName, Readonly<Record<string, ConfigValue>>>>> = {
  'kafka-2.8': { 'session.timeout.ms': 10_000, 'partition.assignment.strategy': 'range' },
}

/** A consumer's settings after its client's defaults; what Kafka makes of them is left to the rules. */
export function resolveConsumerConfig(place: Place, profile: ClientProfileName): ResolvedConfig {
  const byHand: Record<string, ConfigValue> = {}
  for (const [key, setting] of Object.entries(CONSUMER.byHand ?? {})) {
    if (setting.default !== undefined) byHand[key] = setting.default
  }
  return resolveConfig(place, CONSUMER, { ...defaultsOf(CONSUMER_CONFIG), ...byHand, ...OLDER_DEFAULTS[profile] })
}

/** A processor's settings as its consumer has them and as its producer has them; a key that both have goes to both. */
export function splitProcessorConfig(place: Place): { readonly consumer: Place; readonly producer: Place } {
  const ours = (entry: Place): boolean => isSetting(CONSUMER, entry.name) || isSetting(PRODUCER, entry.name)
  // Only to say what is wrong with what neither has.
  resolveConfig(
    place.filtered((entry) => !ours(entry)),
    PROCESSOR,
    {},
  )
  return {
    consumer: place.filtered((entry) => isSetting(CONSUMER, entry.name)),
    producer: place.filtered((entry) => isSetting(PRODUCER, entry.name)),
  }
}

/** `AutoOffsetResetStrategy.fromString`: a word, or how far back from now (KIP-1106). */
function resetAt(entry: Place): ConfigValue | null {
  const text = entry.text()?.trim() ?? ''
  const definition = CONSUMER_CONFIG['auto.offset.reset'] as ConfigDefinition
  if (!text.startsWith(BY_DURATION.slice(0, -1))) return parseSetting(entry, definition)
  if (text.startsWith(BY_DURATION) && isoDurationMs(text.slice(BY_DURATION.length)) !== null) return text
  const message = `\`auto.offset.reset: by_duration\` needs an ISO 8601 duration that is not negative, not ${entry.describe()}`
  entry.error('TWICESHY_VALUE', message, 'such as `by_duration:PT1H30M` or `by_duration:P7D`')
  return null
}

function groupIdAt(entry: Place): string | null {
  const text = idText(entry)
  if (text === null) return null
  if (!text.includes('${')) return text
  const help = 'instances of one application share its group; write one application for each group'
  entry.error('TWICESHY_NOT_SIMULATED', `a \`group.id\` that varies is not simulated yet: ${entry.describe()}`, help)
  return null
}

/** `JoinGroupRequest.validateGroupInstanceId`, on what the world puts in the place of `${instance}`. */
function instanceIdAt(entry: Place): string | null {
  const text = instanceIdText(entry)
  if (text === null) return null
  const filled = text.replaceAll(/\$\{[^}]*\}/g, '0')
  if (/^[A-Za-z0-9._-]{1,249}$/.test(filled) && filled !== '.' && filled !== '..') return text
  const help = 'Kafka takes letters, digits, `.`, `_` and `-`, at most 249 of them'
  entry.error('TWICESHY_CONFIG_REFUSED', `Kafka refuses the \`group.instance.id\` ${entry.describe()}`, help)
  return null
}
