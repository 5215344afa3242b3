import type { Entity, SimJs, Simulation } from 'simjs'
import type { Sample } from '../sample.ts'
import { measureRally, Rally } from './rally.ts'

interface Player extends Entity {
  peer: Player
  serve(): void
}

/** Ping-pong pairs of entities that send messages with simjs. Options: pairs. */
export async function run(count: number, options: readonly string[]): Promise<Sample> {
  const pairs = Number(options[0] ?? 64)
  const { Sim, Entity } = await load()
  const rally = new Rally()
  const simulation: Simulation = new Sim()
  class Sender extends Entity implements Player {
    peer: Player = this
    start(): void {}
    serve(): void {
      this.onMessage(this, 0)
    }
    onMessage(_: Entity, hits: number): void {
      if (rally.on()) this.send(hits + 1, rally.throw(), this.peer)
    }
  }
  const players: Player[] = []
  for (let node = 0; node < 2 * pairs; node++) {
    players.push(simulation.addEntity(Sender, `player-${node}`) as Player)
  }
  players.forEach((player, node) => (player.peer = players[node ^ 1] as Player))
  return measureRally(count, rally, () => {
    for (let node = 0; node < 2 * pairs; node += 2) players[node]?.serve()
    simulation.simulate(Number.MAX_SAFE_INTEGER)
    return simulation.time()
  })
}

async function load(): Promise<SimJs> {
  const global: { window?: { Sim?: SimJs } } = globalThis as object
  global.window = {}
  await import('simjs')
  const { Sim } = global.window
  if (Sim === undefined) throw new Error('simjs has hung nothing on window')
  return Sim
}
