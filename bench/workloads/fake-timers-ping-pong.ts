import { createClock } from '@sinonjs/fake-timers'
import type { Sample } from '../sample.ts'
import { Ball, measureRally, Rally } from './rally.ts'

type Play = (ball: unknown) => void

/** Ping-pong pairs on @sinonjs/fake-timers, a microsecond for each of its milliseconds, without promises. Options: pairs. */
export function run(count: number, options: readonly string[]): Sample {
  const pairs = Number(options[0] ?? 64)
  const rally = new Rally()
  const clock = createClock(0)
  const players: Play[] = []
  for (let node = 0; node < 2 * pairs; node++) {
    players.push((ball) => {
      if (rally.on()) clock.setTimeout(players[node ^ 1] as Play, rally.throw(), new Ball((ball as Ball).hits + 1))
    })
  }
  return measureRally(count, rally, () => {
    for (let node = 0; node < 2 * pairs; node += 2) players[node]?.(new Ball(0))
    while (clock.countTimers() > 0) clock.next()
    return clock.now
  })
}
