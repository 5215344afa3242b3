import { type Sampler } from '../kernel/sampler.ts'
import type { Envelope } from './envelope.ts'

/** A `delay` or `drop` fault at work: which messages it takes, and what it does with them. */
export class StreamRule {
  readonly id: number
  /** Nodes whose messages are meant; null = all. */
  readonly from: readonly number[] | null
  readonly to: readonly number[] | null
  /** Kafka's api key; null = any. */
  readonly api: number | null
  readonly reply: boolean
  /** null = the message is dropped and its connection ends; else how long the stream is held. */
  readonly delay: Sampler | null
  private readonly nth: number
  private readonly sameConnection: boolean
  private matches = 0
  private left: number
  private connection = -1

  constructor(options: {
    readonly id: number
    readonly from: readonly number[] | null
    readonly to: readonly number[] | null
    readonly api: number | null
    readonly reply: boolean
    readonly delay: Sampler | null
    readonly nth: number
    readonly count: number | null
    readonly sameConnection: boolean
  }) {
    this.id = options.id
    this.from = options.from
    this.to = options.to
    this.api = options.api
    this.reply = options.reply
    this.delay = options.delay
    this.nth = options.nth
    this.left = options.count ?? Number.POSITIVE_INFINITY
    this.sameConnection = options.sameConnection
  }

  /** Whether this message is taken. Counts matches, so it must be asked once per message. */
  takes(message: Envelope): boolean {
    if (this.left <= 0 || message.reply !== this.reply) return false
    if (this.api !== null && message.api !== this.api) return false
    if (this.from !== null && !this.from.includes(message.source)) return false
    if (this.to !== null && !this.to.includes(message.destination)) return false
    if (this.sameConnection && this.connection >= 0 && message.connection !== this.connection) return false
    this.matches++
    if (this.matches < this.nth) return false
    this.connection = message.connection
    this.left--
    return true
  }
}
