/**
 * Integer mixing for causal names and decisions: two 32-bit lanes, only multiplications, shifts and exclusive-ors of
 * 32-bit integers, so the same on every engine.
 */

/** First lane of a child's name. `key` tells destination and kind apart, `ordinal` equal siblings. */
export function childLane1(parent1: number, parent2: number, key: number, ordinal: number): number {
  let h = Math.imul(parent1 ^ key, 0x85ebca6b)
  h ^= (h >>> 13) ^ parent2
  h = Math.imul(h + ordinal, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Second lane of a child's name, from its first. */
export function childLane2(parent2: number, lane1: number, key: number): number {
  let h = Math.imul(parent2 ^ lane1, 0x27d4eb2f)
  h ^= (h >>> 15) ^ key
  h = Math.imul(h, 0x165667b1)
  return h ^ (h >>> 14)
}

/** A well mixed 32-bit integer of a seed, a site and a causal name (murmur3's rounds and finaliser). */
export function mix(seed: number, site: number, name1: number, name2: number): number {
  let h = round(seed, name1)
  h = round(h, name2)
  h = round(h, site)
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function round(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  let h = hash ^ Math.imul(k, 0x1b873593)
  h = (h << 13) | (h >>> 19)
  return (Math.imul(h, 5) + 0xe6546b64) | 0
}

/** A 32-bit integer of a text; used for seeds and for the names of things that have no cause, such as nodes. */
export function hashText(text: string, seed: number): number {
  let h = seed ^ text.length
  for (let i = 0; i < text.length; i++) h = round(h, text.charCodeAt(i))
  return mix(h, 0, text.length, 0)
}
