import {
  CLIENT_SWITCHES,
  type ClientSwitchDefinition,
  type ClientSwitches,
} from '../../../sim/kafka/protocol/client-switches.ts'
import {
  CLIENT_PROFILES,
  type ClientChoice,
  type ClientProfileName,
  CLUSTER_PROFILES,
  type ClusterProfile,
  type ClusterProfileName,
} from '../../../sim/kafka/protocol/profile.ts'
import { CLUSTER_SWITCHES } from '../../../sim/kafka/protocol/cluster-switches.ts'
import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'

const CLUSTER_NAMES = Object.keys(CLUSTER_PROFILES) as readonly ClusterProfileName[]
const CLIENT_NAMES = Object.keys(CLIENT_PROFILES) as readonly ClientProfileName[]
const DEFAULT: ClusterProfileName = 'kafka-4.1'

/** `profile:` of the file: a name, or a base with switches. */
export function resolveProfile(place: Place): ClusterProfile {
  if (place.tree?.kind !== 'map') return CLUSTER_PROFILES[profileName(place, CLUSTER_NAMES) ?? DEFAULT]
  const base = CLUSTER_PROFILES[profileName(place.get('base'), CLUSTER_NAMES) ?? DEFAULT]
  const profile = { ...base, ...switchesAt(place, CLUSTER_SWITCHES) }
  refuseContradictions(place, profile)
  return profile
}

/** Rules that were never together. */
function refuseContradictions(place: Place, profile: ClusterProfile): void {
  for (const { name, needs } of CLUSTER_SWITCHES) {
    if (needs === undefined || profile[name] === CLUSTER_PROFILES[DEFAULT][name]) continue
    if (needs.values.includes(profile[needs.name])) continue
    const message = `\`${name}: ${profile[name]}\` contradicts \`${needs.name}: ${profile[needs.name]}\``
    const values = needs.values.map((value) => `\`${value}\``).join(' or ')
    place.get(name).keyError('TWICESHY_IMPOSSIBLE', message, `${needs.why}; it goes with ${needs.name} ${values}`)
  }
}

/**
 * A client's profile: a name, or a base with switches; without one the file's, or the newest client where no client is named
 * like the cluster. A switch stands where its rule is: what changes how records are published is not for those who only read.
 */
export function resolveClientProfile(
  place: Place,
  cluster: ClusterProfile,
  does: readonly ClientSwitchDefinition['of'][],
): ClientChoice {
  const byDefault = CLIENT_NAMES.find((name) => name === cluster.base) ?? 'kafka-4.1'
  if (place.tree?.kind !== 'map') return profileName(place, CLIENT_NAMES) ?? byDefault
  const base = profileName(place.get('base'), CLIENT_NAMES) ?? byDefault
  const switches: Partial<ClientSwitches> = switchesAt(place, CLIENT_SWITCHES)
  for (const { name, of } of CLIENT_SWITCHES) {
    if (does.includes(of) || !Object.hasOwn(switches, name)) continue
    const what =
      of === 'publishing'
        ? 'records are published, and this one publishes none'
        : 'records are read, and this one reads none'
    const help = `it belongs to ${of === 'publishing' ? 'a producer or a processor' : 'a consumer, a processor or a sink'}`
    place.get(name).keyError('TWICESHY_IMPOSSIBLE', `\`${name}\` changes how ${what}`, help)
  }
  return Object.keys(switches).length > 0 ? { base, switches } : base
}

interface Switch {
  readonly name: string
  readonly values: readonly (number | string)[]
  readonly about: string
}

function switchesAt(place: Place, known: readonly Switch[]): Record<string, string | number> {
  const switched: Record<string, string | number> = {}
  for (const entry of place.entries()) {
    if (entry.name === 'base' || !entry.written || entry.broken) continue
    const value = switchAt(entry, known)
    if (value !== null) switched[entry.name] = value
  }
  return switched
}

function switchAt(entry: Place, known: readonly Switch[]): string | number | null {
  const definition = known.find((each) => each.name === entry.name)
  if (definition !== undefined) {
    const value = definition.values.find((each) => String(each) === entry.text())
    if (value !== undefined) return value
    const message = `\`${entry.name}\` must be ${definition.values.map((each) => `\`${each}\``).join(' or ')}, not ${entry.describe()}`
    entry.error('TWICESHY_VALUE', message, definition.about)
  } else {
    const help = didYouMean(entry.name, ['base', ...known.map((each) => each.name)])
    entry.keyErrorOrValue('TWICESHY_UNKNOWN_KEY', `no profile has a switch \`${entry.name}\``, help)
  }
  return null
}

function profileName<T extends string>(place: Place, names: readonly T[]): T | null {
  if (!place.written || place.broken) return null
  const found = names.find((name) => name === place.text())
  if (found !== undefined) return found
  const known = `there is ${names.join(', ')}`
  place.error(
    'TWICESHY_UNKNOWN_PROFILE',
    `there is no profile ${place.describe()} here`,
    didYouMean(place.text() ?? '', names) ?? known,
  )
  return null
}
