import { IndexedHeap } from '../../sim/kernel/heap.ts'
import type { EventQueue } from '../../sim/kernel/queue.ts'
import { TimingWheel } from '../../sim/kernel/wheel.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { Delays } from './delays.ts'

/** Hold model on the kernel's own queue, which can cancel: pop the earliest, push another. Options: pending, queue. */
export function run(count: number, options: readonly string[]): Sample {
  const [pending = '100', kind = 'heap'] = options
  const size = Number(pending)
  const queue: EventQueue = kind === 'wheel' ? new TimingWheel(size) : new IndexedHeap(size)
  const delays = new Delays()
  for (let slot = 0; slot < size; slot++) queue.push(slot, delays.next(), slot)
  let checksum = 0
  let order = size
  const hold = (times: number): void => {
    for (let i = 0; i < times; i++) {
      const slot = queue.pop()
      checksum = (Math.imul(checksum, 31) + slot) | 0
      queue.push(slot, queue.time + delays.next(), order++)
    }
  }
  hold(Math.floor(count / 10))
  const ns = timed(() => {
    hold(count)
  })
  return { count, ns, check: String(checksum >>> 0) }
}
