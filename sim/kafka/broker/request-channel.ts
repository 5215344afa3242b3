import { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'

/** What handles a request once it is its turn. It must end in {@link RequestChannel.reply} or {@link RequestChannel.done}. */
export interface RequestHandler {
  handle(request: Envelope): void
}

interface Channel {
  busy: boolean
  readonly waiting: Envelope[]
  /** The peer has closed; what was received is still worked off. */
  closing: boolean
  /** The loop that takes up waiting requests runs: a request ended within it must not start another one inside. */
  draining: boolean
}

/**
 * Kafka's socket server mutes a connection while one of its requests is worked on: requests of one connection are handled
 * one at a time, in order, and answered in order (`SocketServer`, `Selector.mute`). This is what makes pipelined produce
 * requests append in order.
 */
export class RequestChannel {
  private readonly env: Env
  private readonly handler: RequestHandler
  private readonly channels: Map<number, Channel> = new Map()

  constructor(env: Env, handler: RequestHandler) {
    this.env = env
    this.handler = handler
  }

  receive(request: Envelope): void {
    let channel = this.channels.get(request.connection)
    if (channel === undefined) {
      channel = { busy: false, waiting: [], closing: false, draining: false }
      this.channels.set(request.connection, channel)
    }
    if (channel.busy) {
      channel.waiting.push(request)
      return
    }
    channel.busy = true
    this.handler.handle(request)
  }

  /** Answers a request and takes up the next one of its connection. */
  reply(request: Envelope, body: object): void {
    this.env.reply(request, body)
    this.done(request)
  }

  /** Ends a request without an answer. */
  done(request: Envelope): void {
    const { connection } = request
    const channel = this.channels.get(connection)
    if (channel === undefined) return
    channel.busy = false
    if (channel.draining) return
    channel.draining = true
    while (!channel.busy && this.channels.get(connection) === channel) {
      const next = channel.waiting.shift()
      if (next === undefined) break
      channel.busy = true
      this.handler.handle(next)
    }
    channel.draining = false
    if (!channel.busy && channel.closing && this.channels.get(connection) === channel) this.drop(connection)
  }

  /** Closes a connection from this side; requests still waiting on it are lost. */
  close(request: Envelope): void {
    this.channels.delete(request.connection)
    this.env.disconnect(request.connection)
  }

  /** The peer closed in good order: what it sent before is still worked off. */
  peerClosed(connection: number): void {
    const channel = this.channels.get(connection)
    if (channel === undefined || !channel.busy) this.drop(connection)
    else channel.closing = true
  }

  /** The connection was reset: what waits on it is lost. */
  reset(connection: number): void {
    this.channels.delete(connection)
  }

  isOpen(request: Envelope): boolean {
    return this.channels.has(request.connection)
  }

  private drop(connection: number): void {
    this.channels.delete(connection)
    this.env.disconnect(connection)
  }
}
