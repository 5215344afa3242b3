/** What was judged, each once: pairs of a reader and a record, or an item that records have in common. */
export type Keys = Set<number>

/** A number for a pair. */
export function keyOf(reader: number, of: number): number {
  return reader * 0x1_0000_0000 + of
}
