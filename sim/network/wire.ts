import { M } from '../history/catalogue.ts'
import { REPLY_FLAG } from '../history/ids.ts'
import type { Recorder } from '../history/recorder.ts'
import { type Kernel, SYSTEM_EVENT } from '../kernel/kernel.ts'
import { LATENCY } from '../kernel/site.ts'
import type { Connection, Segment, Stream } from './connection.ts'
import type { Envelope } from './envelope.ts'
import type { Links } from './links.ts'

/** System event of an arriving segment; the world hands it to `Network.onArrival`. */
export const ARRIVAL = 1

/** Told when a fault of the network touched a message, so that faults that touch nothing can be found. */
export interface TouchListener {
  onTouched(rule: number): void
  /** A cut held a segment back. */
  onHeld(from: number, to: number): void
}

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

/** The api of a message with its direction, as moments and causal names have it. */
export function directedApi(envelope: Envelope): number {
  return envelope.reply ? envelope.api | REPLY_FLAG : envelope.api
}

/** Carries segments: each stream in order, held back while its link is cut. Knows nothing of what the ends make of them. */
export class Wire {
  readonly links: Links
  touch: TouchListener | null = null
  private readonly kernel: Kernel
  private readonly recorder: Recorder

  constructor(kernel: Kernel, recorder: Recorder, links: Links) {
    this.kernel = kernel
    this.recorder = recorder
    this.links = links
  }

  /** Carries a message under the causal name that its sender gave it, `extra` microseconds later than it would. */
  carry(connection: Connection, envelope: Envelope, extra: number, lane1: number, lane2: number): void {
    const { source, destination } = envelope
    const stream = connection.streamFrom(source)
    if (this.links.isCut(source, destination)) {
      stream.held.push({ kind: 'data', envelope, lane1, lane2 })
      this.touch?.onHeld(source, destination)
      return
    }
    const arrival = this.inOrder(stream, this.kernel.now + extra + this.latency(source, destination, lane1, lane2))
    this.arrive(arrival, destination, 0, envelope, lane1, lane2)
  }

  /** Carries a segment without a message. */
  transmit(connection: Connection, from: number, segment: Segment): void {
    const to = connection.peerOf(from)
    const stream = connection.streamFrom(from)
    // A closing behind a gap is never seen; a reset needs no stream.
    if (stream.torn && segment.kind !== 'reset') return
    if (this.links.isCut(from, to)) {
      stream.held.push(segment)
      this.touch?.onHeld(from, to)
      return
    }
    const { kernel } = this
    kernel.nameChild(to, SYSTEM_EVENT, SEGMENT_KEY + KIND_KEY[segment.kind])
    const lane1 = kernel.childName1
    const lane2 = kernel.childName2
    let arrival = kernel.now + this.latency(from, to, lane1, lane2)
    // A reset is not part of the stream: it may overtake what was sent before it.
    if (segment.kind !== 'reset') arrival = this.inOrder(stream, arrival)
    this.arrive(arrival, to, connection.id, segment, lane1, lane2)
  }

  /** Sends what a cut held back on its way, in order. */
  release(connection: Connection, from: number): void {
    const stream = connection.streamFrom(from)
    const { held } = stream
    stream.held = []
    for (const segment of held) {
      if (segment.kind === 'data') this.carry(connection, segment.envelope, 0, segment.lane1, segment.lane2)
      else this.transmit(connection, from, segment)
    }
  }

  /** What a cut holds back will never arrive. */
  loseHeld(stream: Stream): void {
    const { held } = stream
    stream.held = []
    for (const segment of held) if (segment.kind === 'data') this.dropped(segment.envelope)
  }

  /** Says that a message will never be delivered. */
  dropped(envelope: Envelope): void {
    const { source, destination, connection, correlation } = envelope
    this.recorder.emit(M.requestDropped, source, destination, directedApi(envelope), connection, correlation)
  }

  private latency(from: number, to: number, lane1: number, lane2: number): number {
    const sampler = this.links.latency(from, to)
    return sampler.length(this.kernel.decideFor(LATENCY, lane1, lane2, sampler.bound))
  }

  /** Nothing arrives before what was sent earlier on the stream. */
  private inOrder(stream: Stream, arrival: number): number {
    if (arrival < stream.lastArrival) return stream.lastArrival
    stream.lastArrival = arrival
    return arrival
  }

  private arrive(time: number, at: number, connection: number, payload: object, lane1: number, lane2: number): void {
    const { kernel } = this
    kernel.scheduleNamed(time - kernel.now, SYSTEM_EVENT, at, ARRIVAL, connection, at, payload, lane1, lane2, 0)
  }
}
