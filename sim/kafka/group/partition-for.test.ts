import { describe, expect, test } from 'vitest'
import { javaHash, partitionFor } from './partition-for.ts'

describe('partitionFor', () => {
  test.each([
    ['', 0],
    ['a', 97],
    ['hello', 99_162_322],
    ['Hello, World!', 1_498_789_909],
    // The shortest well-known word whose hash has no positive counterpart.
    ['polygenelubricants', -2_147_483_648],
    ['\u00e9\ud83d\ude00', 1_996_812],
  ])('String.hashCode of %j is %i', (text, hash) => {
    expect(javaHash(text)).toBe(hash)
  })

  test('a group lives on the absolute value modulo the partitions', () => {
    expect(partitionFor('hello', 50)).toBe(22)
    expect(partitionFor('Hello, World!', 50)).toBe(9)
    expect(partitionFor('polygenelubricants', 50)).toBe(0)
    // -1906497762: without its sign.
    expect(partitionFor('my-group', 50)).toBe(12)
  })
})
