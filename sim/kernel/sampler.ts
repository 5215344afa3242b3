import type { Spread } from './spread.ts'

/** Resolution of the quantile tables; a draw in [0, QUANTILES) picks one. */
export const QUANTILES = 4096

/**
 * How to turn one decision into a duration: `bound` values, of which 0 is the shortest. The distributions are integer
 * tables built from rational arithmetic only, because transcendental functions are not specified to the bit.
 */
export interface Sampler {
  readonly bound: number
  /** Microseconds for a draw in [0, bound). */
  length(draw: number): number
}

/** Makes the sampler of a spread. */
export function samplerOf(spread: Spread): Sampler {
  switch (spread.kind) {
    case 'constant':
      return new UniformSampler(spread.us, 1)
    case 'uniform':
      return new UniformSampler(spread.minUs, spread.maxUs - spread.minUs + 1)
    case 'exponential':
      return new TableSampler(exponentialTable(), 0, spread.meanUs)
    case 'normal':
      return new TableSampler(normalTable(), spread.meanUs, spread.stddevUs)
  }
}

class UniformSampler implements Sampler {
  readonly bound: number
  private readonly least: number
  constructor(least: number, bound: number) {
    this.least = least
    this.bound = bound
  }
  length(draw: number): number {
    return this.least + draw
  }
}

class TableSampler implements Sampler {
  readonly bound: number = QUANTILES
  private readonly table: Float64Array
  private readonly centre: number
  private readonly scale: number
  constructor(table: Float64Array, centre: number, scale: number) {
    this.table = table
    this.centre = centre
    this.scale = scale
  }
  length(draw: number): number {
    return Math.max(0, Math.floor(this.centre + (this.scale * (this.table[draw] as number)) / UNIT))
  }
}

/** Table entries are whole multiples of 1/UNIT. */
const UNIT = 65_536
let exponential: Float64Array | null = null
let normal: Float64Array | null = null

/** Quantiles of the exponential distribution with mean 1: -ln(1 - (i + 1/2)/QUANTILES), by the area under 1/x. */
function exponentialTable(): Float64Array {
  if (exponential !== null) return exponential
  const table = new Float64Array(QUANTILES)
  // -ln(1-p) grows by the integral of 1/x: sum the steps of 1/(1-p) with Simpson's rule, which uses + - * / only.
  let sum = 0
  let from = 1
  for (let i = 0; i < QUANTILES; i++) {
    const to = 1 - (i + 0.5) / QUANTILES
    const middle = (from + to) / 2
    sum += ((from - to) / 6) * (1 / from + 4 / middle + 1 / to)
    table[i] = Math.round(sum * UNIT)
    from = to
  }
  exponential = table
  return table
}

/** Quantiles of the normal distribution with mean 0 and deviation 1, as the sum of twelve uniforms has them (Irwin-Hall). */
function normalTable(): Float64Array {
  if (normal !== null) return normal
  const cells = 64
  let density = new Float64Array([1])
  for (let term = 0; term < 12; term++) density = convolveUniform(density, cells)
  const mean = (density.length - 1) / 2
  const table = new Float64Array(QUANTILES)
  let below = 0
  let at = 0
  for (let i = 0; i < QUANTILES; i++) {
    const wanted = (i + 0.5) / QUANTILES
    while (at < density.length - 1 && below + (density[at] as number) < wanted) below += density[at++] as number
    // Within a cell the distribution grows evenly.
    const within = (wanted - below) / (density[at] as number) - 0.5
    table[i] = Math.round(((at + within - mean) / cells) * UNIT)
  }
  normal = table
  return table
}

function convolveUniform(density: Float64Array, cells: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(density.length + cells - 1)
  for (let i = 0; i < density.length; i++) {
    for (let j = 0; j < cells; j++) result[i + j] = (result[i + j] as number) + (density[i] as number) / cells
  }
  return result
}
