/** How one Kafka setting looks: its type, default and range, as Kafka's own `ConfigDef` has them. */
export interface ConfigDefinition {
  readonly type: 'boolean' | 'int' | 'ms' | 'double' | 'enum'
  readonly default: boolean | number | string
  readonly min?: number
  readonly max?: number
  /** The accepted words of an `enum`. */
  readonly values?: readonly string[]
  /** Other spellings that Kafka takes for a word of an `enum`, such as `-1` for `all`. */
  readonly aliases?: Readonly<Record<string, string>>
}

/** One table of settings, by Kafka's names. */
export type ConfigTable = Readonly<Record<string, ConfigDefinition>>

/** Kafka's Long.MAX_VALUE, as near as a double comes; stands for "never" and "no limit". */
export const NEVER: number = Number.MAX_SAFE_INTEGER
/** Kafka's Integer.MAX_VALUE. */
export const INT_MAX = 2_147_483_647
