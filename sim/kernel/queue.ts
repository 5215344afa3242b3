/**
 * The order of events: by time, then by `order`, a number that is unique and grows with scheduling (a tie-break above a
 * sequence). The queue stores slots of the kernel's event pool, never events.
 */
export interface EventQueue {
  /** Number of events waiting: cancelled ones are really gone. */
  readonly size: number
  /** Time of the event that the last {@link pop} returned. */
  readonly time: number
  /** Adds `slot`, which must not be waiting. `time` must not lie before the last popped time. */
  push(slot: number, time: number, order: number): void
  /** Removes the earliest event and returns its slot, or -1 when nothing waits. */
  pop(): number
  /** Removes a waiting slot. */
  remove(slot: number): void
  /** Makes room for slots below `capacity`. */
  reserve(capacity: number): void
  /** Forgets everything, keeping the memory. */
  clear(): void
}
