import type { Site } from '../kernel/site.ts'

/** Whoever decides what varies in a run: the kernel, or a node's environment. */
export interface Decider {
  /** An integer in [0, bound); 0 is the most boring choice. */
  decide(site: Site, bound: number): number
}
