import type { ApiKey } from '../protocol/api.ts'

/** How a request ended: answered, its connection went first, or it was the one that passed `request.timeout.ms`. */
export type Completion = 'response' | 'disconnected' | 'timed-out'

/** A request handed to the network; its `token` is the owner's own note on it. */
export class ClientRequest {
  readonly destination: number
  readonly api: ApiKey
  readonly apiVersion: number
  readonly correlation: number
  readonly body: object
  readonly token: number
  /** Monotonic microseconds. */
  readonly sentAt: number
  /** False for Produce with acks=0, which no broker answers. */
  readonly expectsReply: boolean
  /** When it is not answered within this time, its connection is given up. */
  readonly timeoutUs: number

  constructor(
    destination: number,
    api: ApiKey,
    apiVersion: number,
    correlation: number,
    body: object,
    token: number,
    sentAt: number,
    expectsReply: boolean,
    timeoutUs: number,
  ) {
    this.destination = destination
    this.api = api
    this.apiVersion = apiVersion
    this.correlation = correlation
    this.body = body
    this.token = token
    this.sentAt = sentAt
    this.expectsReply = expectsReply
    this.timeoutUs = timeoutUs
  }
}
