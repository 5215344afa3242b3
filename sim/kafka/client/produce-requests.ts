import { Errors } from '../protocol/errors.ts'
import type { ProduceResponse } from '../protocol/messages.ts'
import type { Completion } from './client-request.ts'
import type { ProducerBatch } from './producer-batch.ts'

const NO_BATCHES: readonly ProducerBatch[] = []

/** The Produce requests in flight: the batches of each, by a token that comes back with the answer. */
export class ProduceRequests {
  private readonly batches: (readonly ProducerBatch[])[] = []
  /** Round of draining that each request left in. */
  private readonly rounds: number[] = []
  private readonly free: number[] = []

  /** Whether any is unanswered. */
  get some(): boolean {
    return this.batches.length > this.free.length
  }

  /** Returns the token of a request that leaves now. */
  add(batches: readonly ProducerBatch[], round: number): number {
    const token = this.free.length > 0 ? (this.free.pop() as number) : this.batches.length
    this.batches[token] = batches
    this.rounds[token] = round
    return token
  }

  /** The request ended; its token is used again. */
  take(token: number): readonly ProducerBatch[] {
    const batches = this.batches[token] as readonly ProducerBatch[]
    this.batches[token] = NO_BATCHES
    this.free.push(token)
    return batches
  }

  roundOf(token: number): number {
    return this.rounds[token] as number
  }

  /** Batches of the requests that left in a round and are unanswered. */
  ofRound(round: number): readonly ProducerBatch[] {
    return this.batches.filter((_, token) => this.rounds[token] === round).flat()
  }
}

/** Whether a request ended otherwise than with success for all its batches. */
export function hasFailed(response: ProduceResponse | null, cause: Completion): boolean {
  if (cause !== 'response') return true
  return response?.partitionResponses.some(({ errorCode }) => errorCode !== Errors.NONE) ?? false
}
