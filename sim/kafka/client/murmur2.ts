/** `Utils.murmur2` with Kafka's seed, over the UTF-8 bytes of a text; a signed 32-bit integer. */
export function murmur2(text: string): number {
  return murmur2Bytes(utf8(text))
}

/** `Utils.murmur2`: the hash behind every keyed record's partition. */
export function murmur2Bytes(bytes: readonly number[]): number {
  const m = 0x5bd1e995
  const { length } = bytes
  let h = 0x9747b28c ^ length
  const whole = length - (length % 4)
  for (let i = 0; i < whole; i += 4) {
    let k = byte(bytes, i) | (byte(bytes, i + 1) << 8) | (byte(bytes, i + 2) << 16) | (byte(bytes, i + 3) << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    k = Math.imul(k, m)
    h = Math.imul(h, m) ^ k
  }
  const left = length - whole
  if (left === 3) h ^= byte(bytes, whole + 2) << 16
  if (left >= 2) h ^= byte(bytes, whole + 1) << 8
  if (left >= 1) h = Math.imul(h ^ byte(bytes, whole), m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  return h ^ (h >>> 15)
}

/** Length of a text in UTF-8. */
export function utf8Length(text: string): number {
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const point = pointAt(text, at)
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (point >= 0x10000) at++
  }
  return length
}

function byte(bytes: readonly number[], at: number): number {
  return (bytes[at] as number) & 0xff
}

/** Every record's key comes by here: no strings and no iterator for its characters. */
function utf8(text: string): readonly number[] {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    const point = pointAt(text, at)
    if (point < 0x80) {
      bytes.push(point)
    } else if (point < 0x800) {
      bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f))
    } else if (point < 0x10000) {
      bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f))
    } else {
      bytes.push(
        0xf0 | (point >> 18),
        0x80 | ((point >> 12) & 0x3f),
        0x80 | ((point >> 6) & 0x3f),
        0x80 | (point & 0x3f),
      )
      at++
    }
  }
  return bytes
}

/** The character that begins at a place; a lone surrogate becomes '?', as Java's encoder writes it. */
function pointAt(text: string, at: number): number {
  const point = text.codePointAt(at) as number
  return point >= 0xd800 && point <= 0xdfff ? 0x3f : point
}
