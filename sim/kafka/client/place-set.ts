/** A set of small numbers in which finding the next member costs next to nothing, whatever the numbers: one bit each. */
export class PlaceSet {
  private readonly words: number[] = []

  add(place: number): void {
    const word = place >> 5
    while (this.words.length <= word) this.words.push(0)
    this.words[word] = (this.words[word] as number) | (1 << (place & 31))
  }

  delete(place: number): void {
    const word = place >> 5
    if (word < this.words.length) this.words[word] = (this.words[word] as number) & ~(1 << (place & 31))
  }

  /** The first member at or after a place, -1 when there is none. */
  next(from: number): number {
    const { words } = this
    let word = from >> 5
    if (word >= words.length) return -1
    let bits = (words[word] as number) & (-1 << (from & 31))
    while (bits === 0) {
      if (++word === words.length) return -1
      bits = words[word] as number
    }
    return (word << 5) + 31 - Math.clz32(bits & -bits)
  }
}
