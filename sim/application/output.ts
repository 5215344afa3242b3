import type { CodeOutput } from '../host.ts'
import type { Envelope } from '../network/envelope.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'

/**
 * Where the results of an application's work go: nowhere but its own effect, to topics, or into a store. Workers are
 * numbered from 0; working in order there is only worker 0.
 */
export interface Output {
  /** Whether the results of a unit of work go out together, in {@link Output.settle}. */
  readonly writesUnits: boolean
  /** Whether a record's result is there as soon as {@link Output.put} has returned. */
  readonly immediate: boolean
  start(): void
  /** Hands over a record's result. False: the worker waits for {@link OutputOwner.onPut}. */
  put(worker: number, polled: ConsumedRecord, generation: number): boolean
  /** Makes sure that what the worker put is permanent. False: it waits for {@link OutputOwner.onSettled}. */
  settle(worker: number): boolean
  /** What was put and not settled is forgotten. */
  discard(worker: number): void
  /** Nothing is under way. */
  isIdle(): boolean
  /** Ends in good order. False: {@link OutputOwner.onOutputClosed} follows. */
  close(): boolean
  onMessage(envelope: Envelope): void
  onSignal(kind: number, connection: number, peer: number): void
  /** False when the timer is none of its own. */
  onTimer(kind: number, a: number, b: number): boolean
  waiting(): readonly string[]
}

/** An output of what is made of records, perhaps by the user's own code, which may take its time. */
export interface MadeOutput extends Output {
  /** What came of a record whose put() had to wait for that. */
  onMade(worker: number, polled: ConsumedRecord, outputs: readonly CodeOutput[]): void
}

/** The application's side of an output. */
export interface OutputOwner {
  onPut(worker: number): void
  /** `ok` false: something of it is certainly or perhaps not there, and the application begins again where it last committed. */
  onSettled(worker: number, ok: boolean): void
  onOutputClosed(): void
}
