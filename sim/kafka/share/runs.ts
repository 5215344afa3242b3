/** The first and the last of each run of neighbours that are alike; `items` in the order of their offsets. */
export function runsOf<T extends { readonly offset: number }>(
  items: readonly T[],
  isAlike: (a: T, b: T) => boolean,
): readonly (readonly [T, T])[] {
  const runs: (readonly [T, T])[] = []
  for (const item of items) {
    const run = runs.at(-1)
    if (run !== undefined && run[1].offset + 1 === item.offset && isAlike(run[1], item))
      runs[runs.length - 1] = [run[0], item]
    else runs.push([item, item])
  }
  return runs
}
