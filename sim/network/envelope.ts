/**
 * Every message, in one monomorphic class. Bodies mirror Kafka's message schemas and are immutable once sent; the network
 * never looks into them.
 */
export class Envelope {
  readonly reply: boolean
  /** Kafka's api key. */
  readonly api: number
  readonly apiVersion: number
  readonly source: number
  readonly destination: number
  readonly connection: number
  readonly correlation: number
  readonly body: object

  constructor(
    reply: boolean,
    api: number,
    apiVersion: number,
    source: number,
    destination: number,
    connection: number,
    correlation: number,
    body: object,
  ) {
    this.reply = reply
    this.api = api
    this.apiVersion = apiVersion
    this.source = source
    this.destination = destination
    this.connection = connection
    this.correlation = correlation
    this.body = body
  }
}

/** Freezes a body and all it holds; the debug mode that tests run in, so that a mutation after sending throws. */
export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
}
