import TinyQueue from 'tinyqueue'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { Delays } from './delays.ts'

interface Entry {
  readonly time: number
  readonly order: number
  readonly slot: number
}

/** The hold model on tinyqueue with the comparator that makes it stable. Options: pending. */
export function run(count: number, options: readonly string[]): Sample {
  const size = Number(options[0] ?? 100)
  const queue = new TinyQueue<Entry>([], (a, b) => a.time - b.time || a.order - b.order)
  const delays = new Delays()
  for (let slot = 0; slot < size; slot++) queue.push({ time: delays.next(), order: slot, slot })
  let checksum = 0
  let order = size
  const hold = (times: number): void => {
    for (let i = 0; i < times; i++) {
      const { time, slot } = queue.pop() as Entry
      checksum = (Math.imul(checksum, 31) + slot) | 0
      queue.push({ time: time + delays.next(), order: order++, slot })
    }
  }
  hold(Math.floor(count / 10))
  const ns = timed(() => {
    hold(count)
  })
  return { count, ns, check: String(checksum >>> 0) }
}
