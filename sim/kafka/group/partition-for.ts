/** `String.hashCode` of Java: over UTF-16 units, modulo 2^32 and signed. */
export function javaHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

/** Partition of the offsets topic that keeps a group (`GroupCoordinatorService.partitionFor`). */
export function partitionFor(groupId: string, numPartitions: number): number {
  const hash = javaHash(groupId)
  // `Utils.abs`: the one number without a positive counterpart counts as 0.
  return (hash === -2_147_483_648 ? 0 : Math.abs(hash)) % numPartitions
}
