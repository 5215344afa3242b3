/**
 * The ports between the simulated world and the machine. The world never imports the machine: whoever runs it
 * passes implementations in (see `cli/host`).
 */

/** An incremental cryptographic digest of byte chunks. */
export interface Hasher {
  /** Feeds a chunk; the chunk's memory may be reused as soon as the call returns. */
  update(chunk: Uint8Array): void
  /** A second hasher that has seen the same bytes; used when a running world is cloned. */
  copy(): Hasher
  /** The digest in lower-case hex. The hasher is spent afterwards. */
  digest(): string
}

/** Makes a fresh {@link Hasher}. */
export type HasherFactory = () => Hasher

/** Runs everything that asynchronous user code has queued, before simulated time may move on. */
export type Drain = () => void

/** Where a user's handler is found. */
export interface CodeReference {
  /** The module's absolute path. */
  readonly module: string
  /** Which of its exports: a name, or a path such as `/processors/totals/handler` into the default export; '' is that itself. */
  readonly entry: string
}

/** The instance that a handler works for. */
export interface CodeInstance {
  readonly application: string
  readonly instance: number
  /** Counts its processes, from 1. */
  readonly incarnation: number
}

/** A record as a user's handler is given it. */
export interface CodeRecord {
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  /** Bytes of key and value. */
  readonly size: number
  /** Milliseconds of the producer's wall clock. */
  readonly timestamp: number
}

/** A record that a user's handler makes. */
export interface CodeOutput {
  readonly key: string | null
  readonly value: string | null
  readonly size: number
  /** Which of the topics that its handler may write to; 0 into a store. */
  readonly topic: number
}

/** Where what a handler returns goes. */
export type CodeTarget =
  /** It works for the work's own sake. */
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'topics'; readonly names: readonly string[] }
  /** Of every record one effect at most. */
  | { readonly kind: 'store'; readonly name: string }

/** What the world offers to a user's handler in the place of the machine's clock and dice. */
export interface CodePowers {
  /** The node's wall clock, in microseconds. */
  wallClock(): number
  /** An integer in [0, bound) that the seed decides. */
  decide(bound: number): number
}

/** A handler waits: the world goes on, and the process may die meanwhile. */
export interface CodePause {
  readonly id: number
  readonly us: number
  /** Name of a step, null when it only sleeps. */
  readonly step: string | null
}

/** How far a handler has come. */
export type CodeAnswer =
  | { readonly state: 'done'; readonly outputs: readonly CodeOutput[] }
  /** Goes on when one of its pauses is over; those listed have begun now. */
  | { readonly state: 'waits'; readonly pauses: readonly CodePause[] }
  | { readonly state: 'threw'; readonly message: string }

/**
 * The user's own code. What it keeps is not a part of the world: a copy of a world goes on with the same code, so that
 * powers come with each call. Asynchronous code has gone as far as it can when a call returns.
 */
export interface UserCode {
  /**
   * A process starts: it gets a handler of its own, made afresh, whose results go to the target. Returns the handler's
   * number.
   */
  begin(code: CodeReference, instance: CodeInstance, target: CodeTarget): number
  /** Gives a handler a record. Workers of one process share their handler, which then has several at a time. */
  handle(handler: number, record: CodeRecord, powers: CodePowers): CodeAnswer
  /** A pause is over: its record goes on. */
  resume(handler: number, pause: number, powers: CodePowers): CodeAnswer
}
