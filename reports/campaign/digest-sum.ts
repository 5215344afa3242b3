/** Digests that are added up, so that the sum does not depend on the order: numbers below 2^256 in 64 hexadecimal digits. */

export const NO_DIGEST: string = '0'.repeat(64)

const MODULUS = 1n << 256n

/** The sum of two digests, modulo 2^256. */
export function addedDigests(a: string, b: string): string {
  return ((BigInt(`0x${a}`) + BigInt(`0x${b}`)) % MODULUS).toString(16).padStart(64, '0')
}
