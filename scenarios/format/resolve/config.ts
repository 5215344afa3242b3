import { type ConfigDefinition, type ConfigTable, NEVER } from '../../../sim/kafka/protocol/config/definition.ts'
import type { Place } from '../place.ts'
import { didYouMean, listOf } from '../suggest.ts'
import { parseDuration } from '../values/duration.ts'

export type ConfigValue = string | number | boolean

/** Settings of one client, broker or topic: every value after defaults, and where each written one stands. */
export interface ResolvedConfig {
  readonly values: Readonly<Record<string, ConfigValue>>
  /** The places of the settings that the file writes. */
  readonly written: ReadonlyMap<string, Place>
}

export interface ConfigKind {
  /** Such as `producer`; for messages. */
  readonly what: string
  readonly table: ConfigTable
  readonly notSimulated: readonly string[]
  /** Settings that no table describes, such as names; they come before the table. */
  readonly byHand?: Readonly<Record<string, HandSetting>>
  /** Keys in the same map that are no settings, such as a topic's `partitions`. */
  readonly others?: readonly string[]
}

export interface HandSetting {
  /** Undefined = without it nothing is set. */
  readonly default?: ConfigValue
  /** Null when the value is not taken, which is reported, or when nothing comes of it. */
  readonly parse: (entry: Place) => ConfigValue | null
}

/** Whether a configuration has this setting and it is simulated. */
export function isSetting(kind: ConfigKind, key: string): boolean {
  return Object.hasOwn(kind.table, key) || Object.hasOwn(kind.byHand ?? {}, key)
}

/** Names of all settings that Kafka has there, simulated or not. */
export function settingNames(kind: ConfigKind): readonly string[] {
  return [...new Set([...Object.keys(kind.table), ...Object.keys(kind.byHand ?? {}), ...kind.notSimulated])]
}

/** Reads a map of Kafka properties over its defaults; what a `.properties` file holds is a part of the map already. */
export function resolveConfig(
  place: Place,
  kind: ConfigKind,
  defaults: Readonly<Record<string, ConfigValue>>,
): ResolvedConfig {
  const values: Record<string, ConfigValue> = { ...defaults }
  const written = new Map<string, Place>()
  if (place.expectMap('`config`')) {
    for (const entry of place.entries()) {
      if (!entry.written || entry.broken || kind.others?.includes(entry.name) === true) continue
      const value = settingAt(entry, kind)
      if (value === null) continue
      values[entry.name] = value
      written.set(entry.name, entry)
    }
  }
  return { values, written }
}

/** The defaults of a table, with some of them changed. */
export function defaultsOf(
  table: ConfigTable,
  changed: Readonly<Record<string, ConfigValue>> = {},
): Record<string, ConfigValue> {
  const values: Record<string, ConfigValue> = {}
  for (const [key, definition] of Object.entries(table)) values[key] = changed[key] ?? definition.default
  return values
}

function settingAt(entry: Place, kind: ConfigKind): ConfigValue | null {
  const hand = Object.hasOwn(kind.byHand ?? {}, entry.name) ? kind.byHand?.[entry.name] : undefined
  if (hand !== undefined) return hand.parse(entry)
  const definition = Object.hasOwn(kind.table, entry.name) ? kind.table[entry.name] : undefined
  if (definition !== undefined) return parseSetting(entry, definition)
  if (kind.notSimulated.includes(entry.name)) {
    entry.notSimulated(`the ${kind.what} setting \`${entry.name}\``)
    return null
  }
  const known = [...(kind.others ?? []), ...settingNames(kind)]
  const help = entry.report.full ? null : didYouMean(entry.name, known)
  entry.keyErrorOrValue('TWICESHY_UNKNOWN_CONFIG', noSetting(kind, entry.name), help)
  return null
}

/** Says that Kafka has no such setting there. */
export function noSetting({ what }: ConfigKind, key: string): string {
  return `Kafka's ${what} ${what.includes(' and ') ? 'have' : 'has'} no setting \`${key}\``
}

/** The value of a setting by its definition. Null when it is not taken, which is reported. */
export function parseSetting(entry: Place, definition: ConfigDefinition): ConfigValue | null {
  const text = entry.text()?.trim() ?? null
  if (text === null) {
    entry.wrongType(`\`${entry.name}\` must be a single value`)
    return null
  }
  switch (definition.type) {
    case 'boolean':
      if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
      entry.error('TWICESHY_TYPE', `\`${entry.name}\` must be \`true\` or \`false\`, not ${entry.describe()}`)
      return null
    case 'enum':
      return parseWord(entry, definition, text)
    case 'int':
      return parseNumber(entry, definition, /^[+-]?\d{1,20}$/.test(text) ? Number(text) : null)
    case 'double':
      return parseNumber(entry, definition, /^[+-]?\d{0,9}\.?\d{1,9}$/.test(text) ? Number(text) : null)
    case 'ms':
      return parseNumber(entry, definition, parseMs(text, entry.imported))
  }
}

function parseWord(entry: Place, definition: ConfigDefinition, text: string): string | null {
  const words = definition.values ?? []
  const aliases = definition.aliases ?? {}
  const word = (Object.hasOwn(aliases, text) ? aliases[text] : undefined) ?? text
  if (words.includes(word)) return word
  const expected = listOf([...words, ...Object.keys(aliases)], 'or')
  entry.error(
    'TWICESHY_VALUE',
    `\`${entry.name}\` must be ${expected}, not ${entry.describe()}`,
    didYouMean(text, words),
  )
  return null
}

/** Kafka's integer milliseconds, or a duration where Kafka does not read it; NaN when that is no whole number of them. */
export function parseMs(text: string, imported: boolean): number | null {
  if (/^[+-]?\d{1,20}$/.test(text)) return Number(text)
  if (imported) return null
  const us = parseDuration(text)
  return us === null ? null : us % 1000 === 0 ? us / 1000 : Number.NaN
}

function parseNumber(entry: Place, definition: ConfigDefinition, value: number | null): number | null {
  const { min = -NEVER, max = NEVER } = definition
  if (value === null) {
    const duration = entry.imported ? 'a whole number of milliseconds' : 'milliseconds or a duration such as `30s`'
    const form = definition.type === 'ms' ? duration : definition.type === 'int' ? 'a whole number' : 'a number'
    entry.error('TWICESHY_TYPE', `\`${entry.name}\` must be ${form}, not ${entry.describe()}`)
    return null
  }
  if (Number.isNaN(value)) {
    entry.error(
      'TWICESHY_RANGE',
      `Kafka counts \`${entry.name}\` in whole milliseconds, up to a hundred years: ${entry.describe()}`,
    )
    return null
  }
  // Kafka's Long.MAX_VALUE has no exact double; from here on it means "never".
  if (value >= NEVER && max === NEVER) return NEVER
  if (value >= min && value <= max) return value
  const range = max === NEVER ? `at least ${min}` : `from ${min} to ${max}`
  entry.error('TWICESHY_RANGE', `Kafka takes \`${entry.name}\` ${range}, not ${entry.describe()}`)
  return null
}
