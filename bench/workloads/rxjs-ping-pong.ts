import { VirtualTimeScheduler } from 'rxjs'
import type { Sample } from '../sample.ts'
import { measureRally, Rally } from './rally.ts'

type Play = (hits?: number) => void

/** Ping-pong pairs on rxjs' VirtualTimeScheduler, which is TestScheduler's engine. Options: pairs. */
export function run(count: number, options: readonly string[]): Sample {
  const pairs = Number(options[0] ?? 64)
  const rally = new Rally()
  const scheduler = new VirtualTimeScheduler()
  const players: Play[] = []
  for (let node = 0; node < 2 * pairs; node++) {
    players.push((hits = 0) => {
      if (rally.on()) scheduler.schedule(players[node ^ 1] as Play, rally.throw(), hits + 1)
    })
  }
  return measureRally(count, rally, () => {
    for (let node = 0; node < 2 * pairs; node += 2) players[node]?.()
    scheduler.flush()
    return scheduler.frame
  })
}
