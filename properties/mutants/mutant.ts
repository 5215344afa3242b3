/** Which judge finds a mutant, and how long it may take. */
export interface CaughtBy {
  /** Scenario file below `scenarios/`, without its ending: `library/perfect-broker`. */
  readonly scenario: string
  /** One variant of the file, null = its base; absent = everything in the file, in turn. */
  readonly variant?: string | null
  /** Runs within which it is found. */
  readonly runs: number
}

/** A patch of one place in one built file. */
export interface Patch {
  readonly id: string
  /** Source file, from the package's root: `sim/kafka/broker/partition.ts`. */
  readonly file: string
  /** Text that stands exactly once in what is built of the file. */
  readonly anchor: string
  /** What stands there instead. The word `MARK` is an expression that is true and tells that it was reached. */
  readonly replacement: string
}

/** A plausible way to get one of Kafka's rules wrong. Plain data: nothing of it is in the product's own rules. */
export interface Mutant extends Patch {
  /** The rule that it breaks, in a sentence, with Kafka's own names. */
  readonly rule: string
  /** null only where `equivalent` argues that nobody can tell the difference. */
  readonly caughtBy: CaughtBy | null
  readonly equivalent?: string
}
