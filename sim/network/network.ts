import { M } from '../history/catalogue.ts'
import type { Recorder } from '../history/recorder.ts'
import { DOWN, type Kernel, MESSAGE_EVENT, type NodeSlot, SIGNAL_EVENT, SYSTEM_EVENT } from '../kernel/kernel.ts'
import { DELAY } from '../kernel/site.ts'
import { CLOSED, CONNECTED, Connection, REFUSED, RESET, type Segment } from './connection.ts'
import { deepFreeze, type Envelope } from './envelope.ts'
import type { Links } from './links.ts'
import type { StreamRule } from './stream-rule.ts'
import { directedApi, type TouchListener, Wire } from './wire.ts'

export { ARRIVAL, type TouchListener } from './wire.ts'

const OPEN: Segment = { kind: 'open' }
const ACCEPT: Segment = { kind: 'accept' }
const REFUSE: Segment = { kind: 'refuse' }
const CLOSE: Segment = { kind: 'close' }
const RESET_SEGMENT: Segment = { kind: 'reset' }

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
  private readonly wire: Wire
  private readonly connections: Map<number, Connection> = new Map()
  /** Connections opened so far, per client: numbers of one node never depend on what others do. */
  private readonly opened: Int32Array
  private readonly hostOff: Set<number> = new Set()
  private rules: StreamRule[] = []

  constructor(kernel: Kernel, recorder: Recorder, links: Links, freeze: boolean) {
    this.kernel = kernel
    this.recorder = recorder
    this.links = links
    this.wire = new Wire(kernel, recorder, links)
    this.freeze = freeze
    this.opened = new Int32Array(links.nodes)
  }

  set touch(listener: TouchListener | null) {
    this.wire.touch = listener
  }

  // --- what a process asks its operating system ---------------------------------------------------------------------

  /** Begins to open a connection; CONNECTED or REFUSED follows, or nothing at all when the other host is silent. */
  open(client: number, server: number): number {
    const count = (this.opened[client] as number) + 1
    this.opened[client] = count
    const connection = new Connection((client << 20) | count, client, server)
    this.connections.set(connection.id, connection)
    this.wire.transmit(connection, client, OPEN)
    return connection.id
  }

  /** Sends on an open connection. Sending on one that is gone loses the message, as writing to a dead socket does. */
  send(envelope: Envelope): void {
    const { kernel, recorder } = this
    if (this.freeze) deepFreeze(envelope.body)
    const { source, destination } = envelope
    const api = directedApi(envelope)
    recorder.emit(M.requestSent, source, destination, api, envelope.connection, envelope.correlation)
    const connection = this.connections.get(envelope.connection)
    if (connection === undefined || connection.stateAt(source) === 'down' || connection.streamFrom(source).torn) {
      this.wire.dropped(envelope)
      return
    }
    kernel.nameChild(destination, SYSTEM_EVENT, api)
    const lane1 = kernel.childName1
    const lane2 = kernel.childName2
    let extra = 0
    for (const rule of this.rules) {
      if (!rule.takes(envelope)) continue
      this.wire.touch?.onTouched(rule.id)
      if (rule.delay === null) {
        this.wire.dropped(envelope)
        connection.streamFrom(source).torn = true
        this.breakConnection(connection)
        return
      }
      extra += rule.delay.length(kernel.decideFor(DELAY, lane1, lane2, rule.delay.bound))
    }
    this.wire.carry(connection, envelope, extra, lane1, lane2)
  }

  /** Closes a connection in good order: the peer still gets what was sent before. */
  close(node: number, id: number): void {
    const connection = this.connections.get(id)
    if (connection === undefined || connection.stateAt(node) === 'down') return
    connection.close(node)
    this.wire.transmit(connection, node, CLOSE)
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
      this.wire.dropped(envelope)
      if (connection !== undefined) this.answerWithReset(connection, destination)
      return
    }
    const { source, connection: id, correlation } = envelope
    this.recorder.emit(M.requestDelivered, destination, source, directedApi(envelope), id, correlation)
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
      this.wire.transmit(connection, server, REFUSE)
    } else {
      connection.serverState = 'up'
      this.wire.transmit(connection, server, ACCEPT)
    }
  }

  private onClose(connection: Connection, node: number): void {
    const isLoopback = connection.client === connection.server
    const state = isLoopback ? connection.serverState : connection.stateAt(node)
    if (state === 'down' || state === 'half') return
    // A server works off what it has received; its answers will meet a reset. A client is done.
    connection.setState(node, node === connection.server && !isLoopback ? 'half' : 'down')
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
      if (!connection.has(node)) continue
      const state = connection.stateAt(node)
      // What the network holds back is sent again and again by its sender's host: without power it is lost.
      if (silent) this.wire.loseHeld(connection.streamFrom(node))
      // A connection still on its way to a server is decided on arrival, by who runs there then.
      if (state === 'down' || (state === 'opening' && node === connection.server)) continue
      connection.setState(node, 'down')
      if (!silent && state !== 'opening') this.wire.transmit(connection, node, RESET_SEGMENT)
      this.forgetIfDead(connection)
    }
  }

  /** The node's process ended in good order: the operating system closes what it left open. */
  closeAll(node: number): void {
    for (const connection of this.connections.values()) {
      // As in nodeDied: what is still on its way here is refused on arrival.
      const opening = connection.server === node && connection.serverState === 'opening'
      if (connection.has(node) && !opening) this.close(node, connection.id)
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
      if (connection.joins(from, to)) this.wire.release(connection, from)
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
      if (connection.joins(a, b)) {
        count++
        this.breakConnection(connection)
      }
    }
    return count
  }

  /** Whether a message lies held or a connection stands between two nodes. */
  hasTraffic(a: number, b: number): boolean {
    for (const connection of this.connections.values()) {
      if (connection.joins(a, b)) return true
    }
    return false
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  /** Both ends learn of a reset, each after its own way through the network. */
  private breakConnection(connection: Connection): void {
    this.wire.transmit(connection, connection.client, RESET_SEGMENT)
    this.wire.transmit(connection, connection.server, RESET_SEGMENT)
  }

  private answerWithReset(connection: Connection, node: number): void {
    if (this.hostOff.has(node)) return
    if (connection.stateAt(connection.peerOf(node)) !== 'down') this.wire.transmit(connection, node, RESET_SEGMENT)
  }

  private signal(node: number, kind: number, connection: Connection): void {
    this.kernel.deliver(node, SIGNAL_EVENT, kind, connection.id, connection.peerOf(node), null)
  }

  private forgetIfDead(connection: Connection): void {
    if (connection.clientState !== 'down' || connection.serverState !== 'down') return
    this.wire.loseHeld(connection.toServer)
    this.wire.loseHeld(connection.toClient)
    this.connections.delete(connection.id)
  }
}
