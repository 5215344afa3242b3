import type { Story } from '../story.ts'

/** How much a moment says about the fate of the records; the smaller, the more. */
export const WEIGHT = {
  /** What the application sent and was told, and what decided the records' fate. */
  fate: 0,
  /** What was done with the records: appended, answered, tried again; faults and elections. */
  deed: 1,
  /** What stood around it: in-sync sets, copies, links, restarts. */
  setting: 2,
  /** How it travelled. */
  travel: 3,
} as const
export type Weight = (typeof WEIGHT)[keyof typeof WEIGHT]

/** A moment that a story may tell. */
export interface Told {
  readonly atUs: number
  readonly text: string
  readonly isCause: boolean
  readonly weight: Weight
  /** Moments that say the same of the same things share it. */
  readonly group: string
}

/**
 * The moments that a story has room for. Of what repeats itself the first and the last are told, with a count; of the rest
 * the weightier go first. Where one weight does not fit as a whole, its beginning and its end are kept.
 */
export function chosen(told: readonly Told[], room: number): Story {
  const folded = fold(told)
  const kept = new Set(folded.filter(({ isCause }) => isCause))
  for (const weight of Object.values(WEIGHT)) {
    const same = folded.filter((one) => one.weight === weight && !one.isCause)
    const left = room - kept.size
    const ends = same.length <= left ? same : [...same.slice(0, Math.ceil(left / 2)), ...lastOf(same, left >> 1)]
    for (const one of ends) kept.add(one)
  }
  const lines = folded.filter((one) => kept.has(one)).map(({ atUs, text, isCause }) => ({ atUs, text, isCause }))
  return { lines, leftOut: folded.length - lines.length }
}

function lastOf(told: readonly Told[], count: number): readonly Told[] {
  return count <= 0 ? [] : told.slice(-count)
}

/** Of each group of three and more the first, the last with its number, and the cause. */
function fold(told: readonly Told[]): readonly Told[] {
  const sizes = new Map<string, number>()
  for (const { group } of told) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  const seen = new Map<string, number>()
  return told.flatMap((one) => {
    const size = sizes.get(one.group) ?? 1
    const place = (seen.get(one.group) ?? 0) + 1
    seen.set(one.group, place)
    if (size < 3 || place === 1 || one.isCause) return [one]
    return place === size ? [{ ...one, text: `${one.text} (the ${size}th time)` }] : []
  })
}
