import type { Place } from '../place.ts'

/** A share from 0 to 1; 0 when nothing usable is written, which is reported. */
export function shareAt(place: Place, what: string): number {
  if (!place.written || place.broken) return 0
  const value = place.tree?.kind === 'scalar' ? place.tree.value : null
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  place.error('TWICESHY_RANGE', `${what} must be a share from 0 to 1, not ${place.describe()}`, 'such as `0.2`')
  return 0
}
