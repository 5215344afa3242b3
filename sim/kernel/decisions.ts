import { hashText, mix } from './mix.ts'
import { SITES, type Site, type SiteClass } from './site.ts'

/** Base value per class of sites; seeded unless named. */
export type Bases = Readonly<Partial<Record<SiteClass, 'seeded' | 'boring'>>>

/** A decision that differs from its base: site name, the two lanes of the causal name, value. */
export type Override = readonly [string, number, number, number]

/** What every decision of a run comes to: a function of seed, site and causal name, so that nothing needs to be remembered. */
export class Decisions {
  private readonly seed: number
  private readonly boring: Uint8Array = new Uint8Array(SITES.length)
  /** By first lane; null when there are none, which is the usual case. */
  private readonly overrides: Map<number, readonly Override[]> | null

  constructor(seed: string, bases: Bases, overrides: readonly Override[]) {
    this.seed = hashText(seed, 0x7457_1ce5)
    for (const site of SITES) if (bases[site.class] === 'boring') this.boring[site.id] = 1
    this.overrides = overrides.length === 0 ? null : byLane(overrides)
  }

  /** An integer in [0, bound) for the thing with this causal name: the override if there is one, else the site's base. */
  value(site: Site, lane1: number, lane2: number, bound: number): number {
    if (bound <= 1) return 0
    if (this.overrides !== null) {
      const value = this.overridden(site, lane1, lane2)
      if (value >= 0) return Math.min(value, bound - 1)
    }
    if (this.boring[site.id] === 1) return 0
    const high = mix(this.seed, site.id, lane1, lane2) >>> 0
    // floor(high * bound / 2^32) in two halves of 16 bits, so that it stays in integer registers.
    if (bound <= 65_536) return (Math.imul(high >>> 16, bound) + (Math.imul(high & 0xffff, bound) >>> 16)) >>> 16
    const low = mix(this.seed ^ 0x5bd1_e995, site.id, lane1, lane2) >>> 11
    return Math.floor(((high * 2_097_152 + low) / 9_007_199_254_740_992) * bound)
  }

  private overridden(site: Site, lane1: number, lane2: number): number {
    for (const [name, , second, value] of this.overrides?.get(lane1) ?? []) {
      if (name === site.name && second === lane2) return value
    }
    return -1
  }
}

function byLane(overrides: readonly Override[]): Map<number, readonly Override[]> {
  const lanes = new Map<number, Override[]>()
  for (const override of overrides) {
    const [name, lane1, , value] = override
    if (!SITES.some((site) => site.name === name)) {
      throw new RangeError(
        `override of an unknown site '${name}': sites are ${SITES.map((site) => site.name).join(', ')}`,
      )
    }
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`override of '${name}': ${value} is no decision`)
    const known = lanes.get(lane1)
    if (known === undefined) lanes.set(lane1, [override])
    else known.push(override)
  }
  return lanes
}
