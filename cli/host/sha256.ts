import { createHash, type Hash } from 'node:crypto'
import type { Hasher } from '../../sim/host.ts'

/** The {@link Hasher} port by Node's own SHA-256. */
export function sha256(): Hasher {
  return over(createHash('sha256'))
}

function over(hash: Hash): Hasher {
  return {
    update(chunk: Uint8Array): void {
      hash.update(chunk)
    },
    copy(): Hasher {
      return over(hash.copy())
    },
    digest(): string {
      return hash.digest('hex')
    },
  }
}
