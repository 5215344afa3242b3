import type { Entity, SimJs, Simulation } from 'simjs'
import type { Sample } from '../sample.ts'
import { Ball, measureRally, Rally } from './rally.ts'

interface Player extends Entity {
  peer: Player
  hit(ball: Ball): void
}

/**
 * Ping-pong pairs of entities with simjs. Options: pairs; `messages` (what it sends between entities) or `timers` (what it
 * calls back after a time, which can be cancelled).
 */
export async function run(count: number, options: readonly string[]): Promise<Sample> {
  const pairs = Number(options[0] ?? 64)
  const timers = options[1] === 'timers'
  const { Sim, Entity } = await load()
  const rally = new Rally()
  const simulation: Simulation = new Sim()
  class Sender extends Entity implements Player {
    peer: Player = this
    start(): void {}
    onMessage(_: Entity, ball: Ball): void {
      this.hit(ball)
    }
    hit({ hits }: Ball): void {
      if (!rally.on()) return
      const { peer } = this
      const ball = new Ball(hits + 1)
      if (timers) peer.setTimer(rally.throw()).done(land, peer, ball)
      else this.send(ball, rally.throw(), peer)
    }
  }
  const players: Player[] = []
  for (let node = 0; node < 2 * pairs; node++) {
    players.push(simulation.addEntity(Sender, `player-${node}`) as Player)
  }
  players.forEach((player, node) => (player.peer = players[node ^ 1] as Player))
  return measureRally(count, rally, () => {
    for (let node = 0; node < 2 * pairs; node += 2) players[node]?.hit(new Ball(0))
    simulation.simulate(Number.MAX_SAFE_INTEGER)
    return simulation.time()
  })
}

/** What a timer calls back. */
function land(this: Player, ball: Ball): void {
  this.hit(ball)
}

async function load(): Promise<SimJs> {
  const global: { window?: { Sim?: SimJs } } = globalThis as object
  global.window = {}
  await import('simjs')
  const { Sim } = global.window
  if (Sim === undefined) throw new Error('simjs has hung nothing on window')
  return Sim
}
