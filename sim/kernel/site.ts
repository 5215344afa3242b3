/**
 * The sites at which a run may vary, and their classes. A class has one base: *seeded* (a mix of seed, site and causal
 * name) or *boring* (0: no fault, least latency, first choice). Saved counterexamples name sites and classes by these words.
 */
export type SiteClass = 'latency' | 'jitter' | 'choice' | 'disk' | 'target'

export interface Site {
  readonly id: number
  readonly name: string
  readonly class: SiteClass
}

/** One-way delay of a message. */
export const LATENCY: Site = { id: 0, name: 'latency', class: 'latency' }
/** Spread of back-offs and of periodic work that the real system jitters. */
export const JITTER: Site = { id: 1, name: 'jitter', class: 'jitter' }
/** A free choice of the system among equals: node to ask, partition without key, candidate. */
export const CHOICE: Site = { id: 2, name: 'choice', class: 'choice' }
/** How much of an unflushed suffix survives a power loss. */
export const SURVIVORS: Site = { id: 3, name: 'survivors', class: 'disk' }
/** Whether the first lost entry is left behind torn. */
export const TORN: Site = { id: 4, name: 'torn', class: 'disk' }
/** Extra time of a slow disk. */
export const DISK_TIME: Site = { id: 5, name: 'disk-time', class: 'disk' }
/** Which node a drawn target means. */
export const TARGET: Site = { id: 6, name: 'target', class: 'target' }
/** How an application fills the time between its actions. */
export const WORKLOAD: Site = { id: 7, name: 'workload', class: 'choice' }
/** How long a delay fault holds a message. */
export const DELAY: Site = { id: 8, name: 'delay', class: 'latency' }
/** Which of a disk's batches a corruption hits, and which of its records. */
export const CORRUPTION: Site = { id: 9, name: 'corruption', class: 'disk' }

/** By id: append only, ids are part of saved counterexamples' decisions. */
export const SITES: readonly Site[] = [
  LATENCY,
  JITTER,
  CHOICE,
  SURVIVORS,
  TORN,
  DISK_TIME,
  TARGET,
  WORKLOAD,
  DELAY,
  CORRUPTION,
]
