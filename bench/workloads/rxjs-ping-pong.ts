import { VirtualTimeScheduler } from 'rxjs'
import type { Sample } from '../sample.ts'
import { Ball, measureRally, Rally } from './rally.ts'

type Play = (ball?: Ball) => void

/** Ping-pong pairs on rxjs' VirtualTimeScheduler, which is TestScheduler's engine. Options: pairs. */
export function run(count: number, options: readonly string[]): Sample {
  const pairs = Number(options[0] ?? 64)
  const rally = new Rally()
  const scheduler = new VirtualTimeScheduler()
  const players: Play[] = []
  for (let node = 0; node < 2 * pairs; node++) {
    players.push((ball) => {
      if (rally.on()) scheduler.schedule(players[node ^ 1] as Play, rally.throw(), new Ball((ball as Ball).hits + 1))
    })
  }
  return measureRally(count, rally, () => {
    for (let node = 0; node < 2 * pairs; node += 2) players[node]?.(new Ball(0))
    scheduler.flush()
    return scheduler.frame
  })
}
