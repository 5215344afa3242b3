import { sha256 } from '../../cli/host/sha256.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { pingPongWorld } from './ping-pong-world.ts'

/** The full kernel on ping-pong pairs: decision, 32-byte record, digest. Options: pairs, queue, `keep` or `discard`. */
export function run(scale: number, options: readonly string[]): Sample {
  const [pairs = '64', queue = 'heap', keep = 'discard'] = options
  const events = Math.floor(10_000_000 * scale)
  const kernel = pingPongWorld(Number(pairs), {
    seed: '1',
    hasher: sha256(),
    queue: queue === 'wheel' ? 'wheel' : 'heap',
    keepTrace: keep === 'keep',
  })
  const warm = Math.floor(events / 10)
  kernel.run(warm)
  const ns = timed(() => {
    kernel.run(events)
  })
  return { count: events - warm, ns, check: kernel.digest() }
}
