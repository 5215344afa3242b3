import {
  CLIENT_PROFILES,
  type ClientProfileName,
  CLUSTER_PROFILES,
  CLUSTER_SWITCHES,
  type ClusterProfile,
  type ClusterProfileName,
} from '../../../sim/kafka/protocol/profile.ts'
import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'

const CLUSTER_NAMES = Object.keys(CLUSTER_PROFILES) as readonly ClusterProfileName[]
const CLIENT_NAMES = Object.keys(CLIENT_PROFILES) as readonly ClientProfileName[]
/** Switches of the format whose rules are not simulated yet. */
const LATER_SWITCHES: readonly string[] = ['log.truncation', 'transaction.version']
const DEFAULT: ClusterProfileName = 'kafka-4.1'

/** `profile:` of the file: a name, or a base with switches. */
export function resolveProfile(place: Place): ClusterProfile {
  if (place.tree?.kind !== 'map') return CLUSTER_PROFILES[profileName(place, CLUSTER_NAMES) ?? DEFAULT]
  const base = CLUSTER_PROFILES[profileName(place.get('base'), CLUSTER_NAMES) ?? DEFAULT]
  const switched: Record<string, string | number> = { ...base }
  for (const entry of place.entries()) {
    if (entry.name === 'base' || !entry.written || entry.broken) continue
    const value = switchAt(entry)
    if (value !== null) switched[entry.name] = value
  }
  return switched as unknown as ClusterProfile
}

function switchAt(entry: Place): string | number | null {
  const definition = CLUSTER_SWITCHES.find((each) => each.name === entry.name)
  if (definition !== undefined) {
    const value = definition.values.find((each) => String(each) === entry.text())
    if (value !== undefined) return value
    const message = `\`${entry.name}\` must be ${definition.values.map((each) => `\`${each}\``).join(' or ')}, not ${entry.describe()}`
    entry.error('TWICESHY_VALUE', message, definition.about)
  } else if (LATER_SWITCHES.includes(entry.name)) entry.notSimulated(`the switch \`${entry.name}\``)
  else {
    const known = ['base', ...CLUSTER_SWITCHES.map((each) => each.name), ...LATER_SWITCHES]
    const help = didYouMean(entry.name, known)
    entry.keyErrorOrValue('TWICESHY_UNKNOWN_KEY', `no profile has a switch \`${entry.name}\``, help)
  }
  return null
}

/** A client's profile; without one the file's, or the newest client where no client is named like the cluster. */
export function resolveClientProfile(place: Place, cluster: ClusterProfile): ClientProfileName {
  return profileName(place, CLIENT_NAMES) ?? CLIENT_NAMES.find((name) => name === cluster.base) ?? 'kafka-4.1'
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
