import { expect, test } from 'vitest'
import { sha256 } from './sha256.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('is SHA-256 of everything it was fed', () => {
  const hasher = sha256()
  hasher.update(bytes('a'))
  hasher.update(bytes('bc'))
  // FIPS 180-2, appendix B.1
  expect(hasher.digest()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('takes a chunk whose memory is used again', () => {
  const chunk = bytes('abc')
  const hasher = sha256()
  hasher.update(chunk)
  chunk.fill(0)
  expect(hasher.digest()).toMatch(/^ba7816bf/)
})

test('a copy goes its own way', () => {
  const hasher = sha256()
  hasher.update(bytes('ab'))
  const copy = hasher.copy()
  copy.update(bytes('c'))
  hasher.update(bytes('x'))
  expect(copy.digest()).toMatch(/^ba7816bf/)
  expect(hasher.digest()).not.toMatch(/^ba7816bf/)
})
