import type { Envelope } from './envelope.ts'

/** What a node is told about its connections; `a` is the connection, `b` the peer. */
export const CONNECTED = 1
/** The connection could not be opened: nobody listens. */
export const REFUSED = 2
/** The peer closed in good order, after everything it had sent. */
export const CLOSED = 3
/** The connection is gone at once; what was still in it is lost. */
export const RESET = 4

/** The operator asks the process to end in good order (SIGTERM). */
export const SHUT_DOWN = 17
/** The active controller has written to the metadata log, of which every broker and controller keeps a copy on its disk. */
export const METADATA_WRITTEN = 18

/** One end of a connection. `half` = the peer has closed: what was received is still worked off, answers meet a reset. */
export type EndState = 'opening' | 'up' | 'half' | 'down'

/** What travels in a connection. */
export type Segment =
  | { readonly kind: 'open' }
  | { readonly kind: 'accept' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'data'; readonly envelope: Envelope; readonly lane1: number; readonly lane2: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'reset' }

/** One direction of a connection: an ordered stream of bytes. */
export class Stream {
  /** Arrival time of the last segment: nothing sent later arrives earlier. */
  lastArrival = 0
  /** Segments held back by a partition, in order. */
  held: Segment[] = []
  /** A segment was lost for good: nothing sent later on this stream may arrive, for a stream has no gaps. */
  torn = false
}

/**
 * A connection: one ordered stream each way, and what each end's operating system knows about it. A process may connect to
 * itself; both ends are at one node then, and which of them is meant hardly matters, for they live and die together.
 */
export class Connection {
  readonly id: number
  readonly client: number
  readonly server: number
  clientState: EndState = 'opening'
  serverState: EndState = 'opening'
  readonly toServer: Stream = new Stream()
  readonly toClient: Stream = new Stream()

  constructor(id: number, client: number, server: number) {
    this.id = id
    this.client = client
    this.server = server
  }

  stateAt(node: number): EndState {
    if (node !== this.server) return this.clientState
    return node === this.client && this.clientState === 'down' ? 'down' : this.serverState
  }

  setState(node: number, state: EndState): void {
    if (node === this.server) this.serverState = state
    if (node === this.client) this.clientState = state
  }

  /** One end closes in good order; the other learns of it from the network, even where it is at the same node. */
  close(node: number): void {
    if (node === this.client) this.clientState = 'down'
    else this.serverState = 'down'
  }

  has(node: number): boolean {
    return this.client === node || this.server === node
  }

  joins(a: number, b: number): boolean {
    return (this.client === a && this.server === b) || (this.client === b && this.server === a)
  }

  peerOf(node: number): number {
    return node === this.server ? this.client : this.server
  }

  /** Of the two ways between one node and itself, the first serves both. */
  streamFrom(node: number): Stream {
    return node === this.client ? this.toServer : this.toClient
  }
}
