import { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'

/** What handles a request once it is its turn. It must end in {@link RequestChannel.reply} or {@link RequestChannel.done}. */
export interface RequestHandler {
  handle(request: Envelope): void
}

interface Channel {
  readonly connection: number
  /** False once the connection is closed or gone. */
  open: boolean
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
  /** The newest channel of each client, by node number: nearly always the one that is meant. */
  private readonly newest: (Channel | undefined)[] = []

  constructor(env: Env, handler: RequestHandler) {
    this.env = env
    this.handler = handler
  }

  receive(request: Envelope): void {
    const channel = this.find(request) ?? this.open(request)
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
    const channel = this.find(request)
    if (channel === undefined) return
    channel.busy = false
    if (channel.draining) return
    if (channel.waiting.length > 0) this.drain(channel)
    if (channel.closing && !channel.busy && channel.open) this.drop(channel.connection)
  }

  private drain(channel: Channel): void {
    channel.draining = true
    while (!channel.busy && channel.open) {
      const next = channel.waiting.shift()
      if (next === undefined) break
      channel.busy = true
      this.handler.handle(next)
    }
    channel.draining = false
  }

  /** Closes a connection from this side; requests still waiting on it are lost. */
  close(request: Envelope): void {
    this.drop(request.connection)
  }

  /** The peer closed in good order: what it sent before is still worked off. */
  peerClosed(connection: number): void {
    const channel = this.channels.get(connection)
    if (channel === undefined || !channel.busy) this.drop(connection)
    else channel.closing = true
  }

  /** The connection was reset: what waits on it is lost. */
  reset(connection: number): void {
    const channel = this.channels.get(connection)
    if (channel === undefined) return
    channel.open = false
    this.channels.delete(connection)
  }

  isOpen(request: Envelope): boolean {
    return this.find(request) !== undefined
  }

  private find(request: Envelope): Channel | undefined {
    const { source, connection } = request
    const newest = source < this.newest.length ? this.newest[source] : undefined
    if (newest !== undefined && newest.connection === connection && newest.open) return newest
    return this.channels.get(connection)
  }

  private open(request: Envelope): Channel {
    const { source, connection } = request
    const channel: Channel = {
      connection,
      open: true,
      busy: false,
      waiting: [],
      closing: false,
      draining: false,
    }
    this.channels.set(connection, channel)
    while (this.newest.length <= source) this.newest.push(undefined)
    this.newest[source] = channel
    return channel
  }

  private drop(connection: number): void {
    this.reset(connection)
    this.env.disconnect(connection)
  }
}
