import type { Stream } from '../../kernel/stream.ts'

/** Draws one of a table's names by its weight. At least one weight must be positive. */
export function pickWeighted<Name extends string>(stream: Stream, weights: Readonly<Record<Name, number>>): Name {
  const names = Object.keys(weights) as Name[]
  const total = names.reduce((sum, name) => sum + weights[name], 0)
  let draw = stream.below(total)
  for (const name of names) {
    draw -= weights[name]
    if (draw < 0) return name
  }
  throw new RangeError('nothing to pick from')
}

/** The same table with only some of its names. */
export function only<Name extends string>(
  weights: Readonly<Record<Name, number>>,
  keep: (name: Name) => boolean,
): Record<Name, number> {
  const kept = { ...weights } as Record<Name, number>
  for (const name of Object.keys(kept) as Name[]) if (!keep(name)) kept[name] = 0
  return kept
}

/** A whole number in [least, most]. */
export function range(stream: Stream, least: number, most: number): number {
  return least + stream.below(Math.max(0, most - least) + 1)
}

/** In a drawn order (Fisher and Yates). */
export function shuffled<T>(stream: Stream, values: readonly T[]): readonly T[] {
  const left = [...values]
  return values.map(() => left.splice(stream.below(left.length), 1)[0] as T)
}
