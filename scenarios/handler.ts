/**
 * Makes the handler of one process of a consumer, processor or sink: called once for every instance, and again after every crash. What it
 * keeps in variables of its own is the memory of that process, and is gone with it. A variable of the module outlives
 * processes and runs: never keep anything there.
 */
export type HandlerFactory = (process: HandlerProcess) => Handler

/**
 * Works on one record, and gives what comes of it: nothing, one output or several; of a consumer, nothing; of a sink, nothing, and the record
 * is left out, or one effect, which has a key and a value. It may be asynchronous; what it awaits are
 * the promises of its context. When it throws, its process dies, and is started again a second later, from where its group
 * stands.
 */
export type Handler = (record: HandlerRecord, context: HandlerContext) => HandlerResult | Promise<HandlerResult>

/** The process that a handler is made for. */
export interface HandlerProcess {
  /** Name of the consumer, processor or sink. */
  readonly application: string
  /** Number of the instance, from 0. */
  readonly instance: number
  /** Which of the instance's processes this is, from 1. */
  readonly incarnation: number
}

/** A record that was read. It is frozen. */
export interface HandlerRecord {
  /** The record's name in reports, `checkout#0/5`. */
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  /** What a handler before this one wrote; of records of a simulated producer, their id. */
  readonly value: string | null
  /** Bytes of key and value together. */
  readonly size: number
  /** When it was made, in milliseconds of its producer's clock; the world begins at 0. */
  readonly timestamp: number
}

/** A record to be written; of a sink, the row. */
export interface HandlerOutput {
  /** One of the topics in `to`; without it, the first of them. Not for a sink. */
  readonly topic?: string | undefined
  /** Without it, the key of the record that was read. */
  readonly key?: string | null | undefined
  /** Without it, the value of the record that was read. */
  readonly value?: string | null | undefined
  /** Bytes of key and value together; without it, those of the record that was read. Not for a sink. */
  readonly size?: number | undefined
}

export type HandlerResult = HandlerOutput | readonly HandlerOutput[] | null | undefined | void

/** What a handler has in the place of the machine's clock and dice. */
export interface HandlerContext {
  /** Milliseconds of the node's clock, which faults may move: instead of `Date.now()`. */
  now(): number
  /** A number in [0, 1) that the seed decides: instead of `Math.random()`. */
  random(): number
  /** Goes on after so many simulated milliseconds, if the process lives: instead of `setTimeout`. */
  sleep(milliseconds: number): Promise<void>
  /** A point at which the process may crash: `when: { moment: handler.stepped, name: charged }`. */
  step(name: string): Promise<void>
}
