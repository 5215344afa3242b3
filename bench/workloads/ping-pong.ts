import { sha256 } from '../../cli/host/sha256.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { pingPongWorld } from './ping-pong-world.ts'

/** The full kernel on ping-pong pairs: decision, 32-byte record, digest. Options: pairs, queue. */
export function run(count: number, options: readonly string[]): Sample {
  const [pairs = '64', queue = 'heap'] = options
  const kernel = pingPongWorld(Number(pairs), {
    seed: '1',
    hasher: sha256(),
    queue: queue === 'wheel' ? 'wheel' : 'heap',
  })
  const warm = Math.floor(count / 10)
  kernel.run(warm)
  const ns = timed(() => {
    kernel.run(count)
  })
  return { count: count - warm, ns, check: kernel.digest() }
}
