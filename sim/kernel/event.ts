/** What an event is for. System events belong to the world: network arrivals, fault actions, healing. */
export const SYSTEM_EVENT = 0
export const TIMER_EVENT = 1
export const MESSAGE_EVENT = 2
export const SIGNAL_EVENT = 3
export const DISK_EVENT = 4

/** Told of every event before it is handled; for tests and first-divergence search, never for the world itself. */
export interface EventObserver {
  onEvent(time: number, node: number, what: number, kind: number, name1: number, name2: number): void
}
