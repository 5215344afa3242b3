/** What the loader needs to know from outside: it reads no file and knows no moment itself. */
export interface LoadOptions {
  /** `--set path=value` arguments, in order. */
  readonly set?: readonly string[]
  /** The `--profile` flag: replaces the file's profile. */
  readonly profile?: string | null
  /** Reads a `.properties` file by its path relative to the scenario. */
  readonly readConfig?: (path: string) => string | { readonly error: string }
  /** Finds a module with a handler by its path relative to the scenario: its absolute path, or why there is none. */
  readonly findModule?: (path: string) => string | { readonly error: string }
  /** Names of all moments. */
  readonly moments: readonly string[]
  /** For each moment the fields that a trigger may ask for. */
  readonly momentFields: Readonly<Record<string, readonly string[]>>
  /** Names of invariants that `void:` may name; without it any name is taken. */
  readonly invariants?: readonly string[]
  /** Names of situations that `campaign.quotas` may name, and of mutants for `campaign.calibrate`; without them any is taken. */
  readonly situations?: readonly string[]
  readonly mutants?: readonly string[]
  /** Kafka's names of the requests that are simulated; without it every request Kafka knows is taken. */
  readonly apis?: readonly string[]
}
