/** Simulated time is a whole number of microseconds since the run began. */
export const MICROSECOND = 1
export const MILLISECOND = 1000
export const SECOND = 1_000_000
export const MINUTE: number = 60 * SECOND
export const HOUR: number = 60 * MINUTE
export const DAY: number = 24 * HOUR

/** Kafka's `*.ms` settings in microseconds. `Infinity` and Kafka's "never" (2^63-1) stay out of reach of any run. */
export function ms(milliseconds: number): number {
  return milliseconds * MILLISECOND
}
