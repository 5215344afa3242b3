import type { Completion } from './client-request.ts'

/** Token of the requests of {@link IdentityRequests}, of which one is in flight at most. */
export const IDENTITY_TOKEN: number = -2

/** What a producer asks brokers besides Produce (`Sender.maybeSendAndPollTransactionalRequest`): one request at a time. */
export interface IdentityRequests {
  /** Sends what is due. Returns true while nothing may be produced. */
  run(): boolean
  /** The request in flight ended; `body` is null without an answer. */
  onCompletion(body: object | null, cause: Completion): void
  onTimer(): void
  close(): void
}
