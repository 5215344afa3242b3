/**
 * A duration that may vary, as plain data. All lengths are whole microseconds.
 * Sampling lives in `sampler.ts`, so that a spread can sit in a spec without carrying code.
 */
export type Spread =
  | { readonly kind: 'constant'; readonly us: number }
  | { readonly kind: 'uniform'; readonly minUs: number; readonly maxUs: number }
  | { readonly kind: 'exponential'; readonly meanUs: number }
  | { readonly kind: 'normal'; readonly meanUs: number; readonly stddevUs: number }

/** A spread that always has the same length. */
export function constant(us: number): Spread {
  return { kind: 'constant', us }
}

/** Whether drawing from this spread can give two different values. */
export function varies(spread: Spread): boolean {
  switch (spread.kind) {
    case 'constant':
      return false
    case 'uniform':
      return spread.minUs !== spread.maxUs
    case 'exponential':
      return spread.meanUs > 0
    case 'normal':
      return spread.stddevUs > 0
  }
}
