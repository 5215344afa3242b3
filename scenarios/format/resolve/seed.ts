import type { Place } from '../place.ts'

const LONGEST_SEED = 200

/** Says so when a seed has no character, or far too many. */
export function checkSeed(place: Place): void {
  const text = place.text()
  if (text === null) return
  if (text.trim() === '')
    place.error('TWICESHY_VALUE', `\`${place.name}\` is empty`, 'write a number or a word, such as `1`')
  else if (text.length > LONGEST_SEED)
    place.error('TWICESHY_RANGE', `\`${place.name}\` has more than ${LONGEST_SEED} characters`, 'write a shorter one')
}
