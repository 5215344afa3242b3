import { REPLY_FLAG } from '../history/ids.ts'
import { M } from '../history/catalogue.ts'
import type { Recorder } from '../history/recorder.ts'
import { DOWN, type Kernel, MESSAGE_EVENT, type NodeSlot, SIGNAL_EVENT, SYSTEM_EVENT } from '../kernel/kernel.ts'
import { DELAY, LATENCY } from '../kernel/site.ts'
import { CLOSED, CONNECTED, Connection, REFUSED, RESET, type Segment, type Stream } from './connection.ts'
import { deepFreeze, type Envelope } from './envelope.ts'
import type { Links } from './links.ts'
import type { StreamRule } from './stream-rule.ts'

/** System event of an arriving segment; the world hands it to {@link Network.onArrival}. */
export const ARRIVAL = 1

/** Told when a fault of the network touched a message, so that faults that touch nothing can be found. */
export interface TouchListener {
  onTouched(rule: number): void
  /** A cut held a segment back. */
  onHeld(from: number, to: number): void
}

const OPEN: Segment = { kind: 'open' }
const ACCEPT: Segment = { kind: 'accept' }
const REFUSE: Segment = { kind: 'refuse' }
const CLOSE: Segment = { kind: 'close' }
const RESET_SEGMENT: Segment = { kind: 'reset' }

/** Causal names of segments without a message: above every api key. */
const SEGMENT_KEY = 0xf00
const KIND_KEY: Readonly<Record<Segment['kind'], number>> = {
  open: 0,
  accept: 1,
  refuse: 2,
  close: 3,
  reset: 4,
  data: 5,
}

/**
 * Connections between nodes. A connection is one ordered byte stream per direction; connections are unordered among each
 * other. What was sent stays deliverable after its sender gave up or died, until a reset overtakes it. The network loses a
 * message only together with its connection and never delivers twice. A cut holds segments until it heals.
 */
export class Network {
  readonly links: Links
  /** Debug mode: bodies are frozen when sent. */
  private readonly freeze: boolean
  private readonly kernel: Kernel
  private readonly recorder: Recorder
  private readonly connections: Map<number, Connection> = new Map()
  /** Connections opened so far, per client: numbers of one node never depend on what others do. */
  private readonly opened: Int32Array
  private readonly hostOff: Set<number> = new Set()
  private rules: StreamRule[] = []
  touch: TouchListener | null = null

  constructor(kernel: Kernel, recorder: Recorder, links: Links, freeze: boolean) {
    this.kernel = kernel
    this.recorder = recorder
    this.links = links
    this.freeze = freeze
    this.opened = new Int32Array(links.nodes)
  }

  // --- what a process asks its operating system ---------------------------------------------------------------------

  /** Begins to open a connection; CONNECTED or REFUSED follows, or nothing at all when the other host is silent. */
  open(client: number, server: number): number {
    const count = (this.opened[client] as number) + 1
    this.opened[client] = count
    const connection = new Connection((client << 20) | count, client, server)
    this.connections.set(connection.id, connection)
    this.transmit(connection, client, OPEN)
    return connection.id
  }

  /** Sends on an open connection. Sending on one that is gone loses the message, as writing to a dead socket does. */
  send(envelope: Envelope): void {
    const { kernel, recorder } = this
    if (this.freeze) deepFreeze(envelope.body)
    const { source, destination } = envelope
    const api = envelope.reply ? envelope.api | REPLY_FLAG : envelope.api
    recorder.emit(M.requestSent, source, destination, api, envelope.connection, envelope.correlation)
    const connection = this.connections.get(envelope.connection)
    if (connection === undefined || connection.stateAt(source) === 'down' || connection.streamFrom(source).torn) {
      this.dropped(envelope)
      return
    }
    kernel.nameChild(destination, SYSTEM_EVENT, api)
    const lane1 = kernel.childName1
    const lane2 = kernel.childName2
    let extra = 0
    for (const rule of this.rules) {
      if (!rule.takes(envelope)) continue
      this.touch?.onTouched(rule.id)
      if (rule.delay === null) {
        this.dropped(envelope)
        connection.streamFrom(source).torn = true
        this.breakConnection(connection)
        return
      }
      extra += rule.delay.length(kernel.decideFor(DELAY, lane1, lane2, rule.delay.bound))
    }
    const stream = connection.streamFrom(source)
    if (this.links.isCut(source, destination)) {
      stream.held.push({ kind: 'data', envelope, lane1, lane2 })
      this.touch?.onHeld(source, destination)
      return
    }
    const latency = this.links.latency(source, destination)
    let arrival = kernel.now + extra + latency.length(kernel.decideFor(LATENCY, lane1, lane2, latency.bound))
    if (arrival < stream.lastArrival) arrival = stream.lastArrival
    stream.lastArrival = arrival
    kernel.scheduleNamed(arrival - kernel.now, SYSTEM_EVENT, destination, ARRIVAL, 0, 0, envelope, lane1, lane2, 0)
  }

  /** Closes a connection in good order: the peer still gets what was sent before. */
  close(node: number, id: number): void {
    const connection = this.connections.get(id)
    if (connection === undefined || connection.stateAt(node) === 'down') return
    connection.setState(node, 'down')
    this.transmit(connection, node, CLOSE)
    this.forgetIfDead(connection)
  }

  // --- arrivals -----------------------------------------------------------------------------------------------------

  /** A segment reached its host: a message when `payload` is an envelope, else the segment `payload` of connection `a` for node `b`. */
  onArrival(a: number, b: number, payload: unknown): void {
    if (a === 0) this.onData(payload as Envelope)
    else this.onSegment(a, b, payload as Segment)
  }

  private onData(envelope: Envelope): void {
    const { destination } = envelope
    const connection = this.connections.get(envelope.connection)
    const state = connection === undefined ? 'down' : connection.stateAt(destination)
    if (connection === undefined || state === 'down') {
      this.dropped(envelope)
      if (connection !== undefined) this.answerWithReset(connection, destination)
      return
    }
    const api = envelope.reply ? envelope.api | REPLY_FLAG : envelope.api
    this.recorder.emit(M.requestDelivered, destination, envelope.source, api, envelope.connection, envelope.correlation)
    this.kernel.deliver(destination, MESSAGE_EVENT, 0, 0, 0, envelope)
  }

  private onSegment(id: number, node: number, segment: Segment): void {
    const connection = this.connections.get(id)
    if (connection === undefined) return
    switch (segment.kind) {
      case 'open':
        this.onOpen(connection)
        break
      case 'accept':
        if (connection.clientState === 'down') this.answerWithReset(connection, node)
        if (connection.clientState !== 'opening') break
        connection.clientState = 'up'
        this.recorder.emit(M.connectionOpened, node, connection.server, id, 0, 0)
        this.signal(node, CONNECTED, connection)
        break
      case 'refuse':
        if (connection.clientState !== 'opening') break
        connection.clientState = 'down'
        this.signal(node, REFUSED, connection)
        this.forgetIfDead(connection)
        break
      case 'close':
        this.onClose(connection, node)
        break
      case 'reset':
        this.onReset(connection, node)
        break
      case 'data':
        this.onData(segment.envelope)
        break
    }
  }

  private onOpen(connection: Connection): void {
    const { server } = connection
    if (connection.serverState !== 'opening') return
    if (this.hostOff.has(server)) {
      connection.serverState = 'down'
      this.forgetIfDead(connection)
      return
    }
    if ((this.kernel.nodes[server] as NodeSlot).state === DOWN) {
      connection.serverState = 'down'
      this.transmit(connection, server, REFUSE)
    } else {
      connection.serverState = 'up'
      this.transmit(connection, server, ACCEPT)
    }
  }

  private onClose(connection: Connection, node: number): void {
    const state = connection.stateAt(node)
    if (state === 'down' || state === 'half') return
    // A server works off what it has received; its answers will meet a reset. A client is done.
    connection.setState(node, node === connection.server ? 'half' : 'down')
    this.recorder.emit(M.connectionClosed, node, connection.peerOf(node), connection.id, 0, 0)
    this.signal(node, CLOSED, connection)
    this.forgetIfDead(connection)
  }

  private onReset(connection: Connection, node: number): void {
    const state = connection.stateAt(node)
    if (state === 'down') return
    connection.setState(node, 'down')
    if (state === 'opening' && node === connection.server) {
      // It overtook the opening: the process never heard of this connection.
      this.forgetIfDead(connection)
      return
    }
    const { id } = connection
    // What lies unread in a paused process's socket is lost with it.
    this.kernel.dropParked(node, MESSAGE_EVENT, (payload) => (payload as Envelope).connection === id)
    this.recorder.emit(M.connectionClosed, node, connection.peerOf(node), id, 1, 0)
    this.signal(node, RESET, connection)
    this.forgetIfDead(connection)
  }

  // --- faults -------------------------------------------------------------------------------------------------------

  /** The node's process ended. `silent`: its host is without power and tells nobody. */
  nodeDied(node: number, silent: boolean): void {
    if (silent) this.hostOff.add(node)
    for (const connection of this.connections.values()) {
      if (connection.client !== node && connection.server !== node) continue
      const state = connection.stateAt(node)
      // What the network holds back is sent again and again by its sender's host: without power it is lost.
      if (silent) this.loseHeld(connection.streamFrom(node))
      // A connection still on its way to a server is decided on arrival, by who runs there then.
      if (state === 'down' || (state === 'opening' && node === connection.server)) continue
      connection.setState(node, 'down')
      if (!silent && state !== 'opening') this.transmit(connection, node, RESET_SEGMENT)
      this.forgetIfDead(connection)
    }
  }

  /** The node's process ended in good order: the operating system closes what it left open. */
  closeAll(node: number): void {
    for (const connection of this.connections.values()) {
      if (connection.client === node || connection.server === node) this.close(node, connection.id)
    }
  }

  /** The node's host has power again. */
  hostUp(node: number): void {
    this.hostOff.delete(node)
  }

  /** Stops everything from one node to another. */
  cut(from: number, to: number): void {
    if (this.links.cut(from, to)) this.recorder.emit(M.linkCut, from, from, to, 0, 0)
  }

  /** Ends one cut; with the last one what was held sets out again, in order. */
  heal(from: number, to: number): void {
    if (!this.links.heal(from, to)) return
    this.recorder.emit(M.linkHealed, from, from, to, 0, 0)
    for (const connection of this.connections.values()) {
      if (
        (connection.client === from && connection.server === to) ||
        (connection.server === from && connection.client === to)
      ) {
        this.release(connection, from)
      }
    }
  }

  addRule(rule: StreamRule): void {
    this.rules.push(rule)
  }

  removeRule(id: number): void {
    this.rules = this.rules.filter((rule) => rule.id !== id)
  }

  /** Resets every connection between two nodes; returns how many there were. */
  disconnect(a: number, b: number): number {
    let count = 0
    for (const connection of this.connections.values()) {
      if (
        (connection.client === a && connection.server === b) ||
        (connection.client === b && connection.server === a)
      ) {
        count++
        this.breakConnection(connection)
      }
    }
    return count
  }

  /** Whether a message lies held or a connection stands between two nodes. */
  hasTraffic(a: number, b: number): boolean {
    for (const connection of this.connections.values()) {
      if ((connection.client === a && connection.server === b) || (connection.client === b && connection.server === a))
        return true
    }
    return false
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  /** Both ends learn of a reset, each after its own way through the network. */
  private breakConnection(connection: Connection): void {
    this.transmit(connection, connection.client, RESET_SEGMENT)
    this.transmit(connection, connection.server, RESET_SEGMENT)
  }

  private answerWithReset(connection: Connection, node: number): void {
    if (this.hostOff.has(node)) return
    if (connection.stateAt(connection.peerOf(node)) !== 'down') this.transmit(connection, node, RESET_SEGMENT)
  }

  private release(connection: Connection, from: number): void {
    const stream = connection.streamFrom(from)
    const held = stream.held
    stream.held = []
    for (const segment of held) {
      if (segment.kind === 'data') this.depart(connection, from, segment, segment.lane1, segment.lane2)
      else this.transmit(connection, from, segment)
    }
  }

  private transmit(connection: Connection, from: number, segment: Segment): void {
    const to = connection.peerOf(from)
    if (this.links.isCut(from, to)) {
      connection.streamFrom(from).held.push(segment)
      this.touch?.onHeld(from, to)
      return
    }
    this.kernel.nameChild(to, SYSTEM_EVENT, SEGMENT_KEY + KIND_KEY[segment.kind])
    this.depart(connection, from, segment, this.kernel.childName1, this.kernel.childName2)
  }

  private depart(connection: Connection, from: number, segment: Segment, lane1: number, lane2: number): void {
    const { kernel } = this
    const to = connection.peerOf(from)
    const latency = this.links.latency(from, to)
    let arrival = kernel.now + latency.length(kernel.decideFor(LATENCY, lane1, lane2, latency.bound))
    // A reset is not part of the stream: it may overtake what was sent before it.
    if (segment.kind !== 'reset') {
      const stream = connection.streamFrom(from)
      if (arrival < stream.lastArrival) arrival = stream.lastArrival
      stream.lastArrival = arrival
    }
    const payload = segment.kind === 'data' ? segment.envelope : segment
    const id = segment.kind === 'data' ? 0 : connection.id
    kernel.scheduleNamed(arrival - kernel.now, SYSTEM_EVENT, to, ARRIVAL, id, to, payload, lane1, lane2, 0)
  }

  private dropped(envelope: Envelope): void {
    const api = envelope.reply ? envelope.api | REPLY_FLAG : envelope.api
    this.recorder.emit(
      M.requestDropped,
      envelope.source,
      envelope.destination,
      api,
      envelope.connection,
      envelope.correlation,
    )
  }

  private signal(node: number, kind: number, connection: Connection): void {
    this.kernel.deliver(node, SIGNAL_EVENT, kind, connection.id, connection.peerOf(node), null)
  }

  private forgetIfDead(connection: Connection): void {
    if (connection.clientState !== 'down' || connection.serverState !== 'down') return
    this.loseHeld(connection.toServer)
    this.loseHeld(connection.toClient)
    this.connections.delete(connection.id)
  }

  private loseHeld(stream: Stream): void {
    const { held } = stream
    stream.held = []
    for (const segment of held) if (segment.kind === 'data') this.dropped(segment.envelope)
  }
}
