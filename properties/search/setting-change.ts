import type { WorldSpec } from '../../sim/spec.ts'

/**
 * One safety setting: where it could be safer, and what would be written there. A change is a list of `path=value`, as
 * `--set` takes them, so that it means exactly what a user would get by writing it; what Kafka refuses is no remedy.
 */
export interface SettingChange {
  /** The setting and its value, as in a file. */
  readonly name: string
  /** What to write, for each place where the setting is not that safe yet; empty = it does not apply. */
  readonly sets: (spec: WorldSpec) => readonly string[]
}
