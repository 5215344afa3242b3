/** Which ordered pairs of nodes a fault of the network cuts. A pair is `from * count + to`, `count` the number of nodes. */

export function pairOf(from: number, to: number, count: number): number {
  return from * count + to
}

/** Nodes of different groups cannot reach each other. A node in two groups, or in none, sees everybody it shares one with, or all. */
export function partitionCuts(groups: readonly (readonly number[])[], count: number): readonly number[] {
  const cuts: number[] = []
  for (let from = 0; from < count; from++) {
    const own = groups.filter((group) => group.includes(from))
    if (own.length === 0) continue
    for (let to = 0; to < count; to++) {
      if (from === to || own.some((group) => group.includes(to))) continue
      if (groups.some((group) => group.includes(to))) cuts.push(pairOf(from, to, count))
    }
  }
  return cuts
}

/**
 * Cuts nodes off. `out`: what they send does not arrive; `in`: nothing reaches them.
 *
 * @param from whom they are cut off from; null = everybody who is not cut off with them.
 */
export function isolationCuts(
  nodes: readonly number[],
  direction: 'in' | 'out' | 'both',
  from: readonly number[] | null,
  count: number,
): readonly number[] {
  const others = from ?? Array.from({ length: count }, (_, node) => node).filter((node) => !nodes.includes(node))
  const cuts = new Set<number>()
  for (const node of nodes) {
    for (const other of others) {
      if (node === other) continue
      if (direction !== 'in') cuts.add(pairOf(node, other, count))
      if (direction !== 'out') cuts.add(pairOf(other, node, count))
    }
  }
  return [...cuts]
}
