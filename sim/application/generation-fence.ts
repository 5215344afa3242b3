import type { OnBehalf } from './store-messages.ts'

/**
 * Whether the generation fence lets a request pass. What passes raises the fence for its partitions.
 *
 * @param generations highest generation that wrote or read positions, per partition
 */
export function admits(
  generations: Map<number, number>,
  { fence, generation }: OnBehalf,
  partitions: readonly number[],
): boolean {
  if (fence !== 'generation') return true
  if (partitions.some((tp) => (generations.get(tp) ?? -1) > generation)) return false
  for (const tp of partitions) generations.set(tp, generation)
  return true
}
