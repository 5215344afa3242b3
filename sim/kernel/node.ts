/**
 * A node's program in one incarnation. Handlers run to completion, act only through the environment they were built with,
 * and keep plain data: no promise, closure or callback is part of their state.
 */
export interface NodeHandler {
  /** The process begins; whatever survived lies on its disk. */
  onStart(): void
  /** A message arrived on one of its connections. */
  onMessage(message: unknown): void
  /** The operating system tells of a connection: opened, refused, closed; or an operator asks for something, in plain data. */
  onSignal(kind: number, a: number, b: number, payload: unknown): void
  /** A timer fired: its kind and its two integers. */
  onTimer(kind: number, a: number, b: number): void
  /** A disk operation that took time is done. */
  onDisk(kind: number, a: number, b: number, payload: unknown): void
  /** What the node waits for, in words; for naming a deadlock. */
  waiting(): readonly string[]
}

/** The world's own events: arrivals in the network, fault actions, healing. */
export interface SystemHandler {
  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void
}
