import { IndexedHeap } from '../../sim/kernel/heap.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { Delays } from './delays.ts'

/** The least that a simulation does: handler objects and a queue; no names, decisions or trace. */
class Loop {
  now = 0
  hits = 0
  private readonly queue: IndexedHeap = new IndexedHeap()
  private readonly players: Player[] = []
  private readonly targets: Int32Array = new Int32Array(1024)
  private order = 0

  add(player: Player): void {
    this.players.push(player)
  }

  send(slot: number, target: number, delay: number): void {
    this.targets[slot] = target
    this.queue.push(slot, this.now + delay, this.order++)
  }

  run(events: number): void {
    for (let i = 0; i < events; i++) {
      const slot = this.queue.pop()
      this.now = this.queue.time
      ;(this.players[this.targets[slot] as number] as Player).onMessage(slot)
    }
  }
}

class Player {
  private readonly loop: Loop
  private readonly delays: Delays
  private readonly peer: number

  constructor(loop: Loop, delays: Delays, peer: number) {
    this.loop = loop
    this.delays = delays
    this.peer = peer
  }

  onMessage(ball: number): void {
    this.loop.hits++
    this.loop.send(ball, this.peer, this.delays.short())
  }
}

/** Pairs of handler objects on the queue alone. Options: pairs. */
export function run(count: number, options: readonly string[]): Sample {
  const pairs = Number(options[0] ?? 64)
  const loop = new Loop()
  const delays = new Delays()
  for (let player = 0; player < 2 * pairs; player++) loop.add(new Player(loop, delays, player ^ 1))
  for (let ball = 0; ball < pairs; ball++) loop.send(ball, 2 * ball, delays.short())
  loop.run(Math.floor(count / 10))
  const ns = timed(() => {
    loop.run(count)
  })
  return { count, ns, check: String(loop.now) }
}
