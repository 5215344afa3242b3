import type { Envelope } from '../../network/envelope.ts'
import type { RequestChannel } from '../broker/request-channel.ts'

/** A request whose answer may come much later (the `CompletableFuture` of a response). */
export class PendingReply {
  readonly request: Envelope
  /** Answered, or nobody waits any more. */
  done = false

  constructor(request: Envelope) {
    this.request = request
  }
}

/** Answers each request once. */
export class Replies {
  private readonly channel: RequestChannel

  constructor(channel: RequestChannel) {
    this.channel = channel
  }

  complete(reply: PendingReply, body: object): void {
    if (reply.done) return
    reply.done = true
    if (this.channel.isOpen(reply.request)) this.channel.reply(reply.request, body)
  }
}
