import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Spread } from '../kernel/spread.ts'
import { Envelope } from './envelope.ts'
import { TestNetwork } from './network.test.support.ts'

const WIDE: Spread = { kind: 'uniform', minUs: 0, maxUs: 2000 }

describe('opening', () => {
  it('takes a round trip, and then messages pass both ways', () => {
    const net = new TestNetwork(2)
    const id = net.network.open(0, 1)
    net.run()
    net.send(id, 0, 1, 1)
    net.send(id, 1, 0, 2, true)
    net.run()
    expect(net.lines(0)).toEqual(['200 connected 1', '300 2 from 1'])
    expect(net.lines(1)).toEqual(['300 1 from 0'])
  })

  it('is refused by a host whose process is down', () => {
    const net = new TestNetwork(2)
    net.die(1)
    net.network.open(0, 1)
    net.run()
    expect(net.lines(0)).toEqual(['200 refused 1'])
    expect(net.network.hasTraffic(0, 1)).toBe(false)
  })

  it('meets silence at a host without power, until it has power again', () => {
    const net = new TestNetwork(2)
    net.die(1, true)
    net.network.open(0, 1)
    net.run()
    expect(net.lines(0)).toEqual([])
    net.network.hostUp(1)
    net.network.open(0, 1)
    net.run()
    expect(net.got(0)).toEqual(['refused 1'])
    net.start(1)
    net.network.open(0, 1)
    net.run()
    expect(net.got(0)).toEqual(['refused 1', 'connected 1'])
  })

  it('is decided on arrival: by a process that died meanwhile, or that is new', () => {
    const dead = new TestNetwork(2)
    dead.network.open(0, 1)
    dead.at(50, () => dead.die(1)).run()
    expect(dead.got(0)).toEqual(['refused 1'])

    const restarted = new TestNetwork(2)
    restarted.network.open(0, 1)
    restarted.at(50, () => (restarted.die(1), restarted.start(1))).run()
    expect(restarted.got(0)).toEqual(['connected 1'])
  })

  it('is refused by a process that ended in good order meanwhile', () => {
    const net = new TestNetwork(2)
    const standing = net.connected()
    net.network.open(0, 1)
    net.at(net.kernel.now + 50, () => (net.kernel.kill(1), net.network.closeAll(1))).run()
    expect(net.got(0)).toEqual(['closed 1', 'refused 1'])
    net.send(standing, 0, 1, 1)
    expect(net.dropped).toBe(1)
    expect(net.network.hasTraffic(0, 1)).toBe(false)
  })

  it('by a process that died meanwhile leaves nothing behind', () => {
    const net = new TestNetwork(2)
    net.network.open(0, 1)
    net.at(50, () => net.die(0)).run()
    expect(net.network.hasTraffic(0, 1)).toBe(false)
    expect(net.got(1)).toEqual(['reset 0'])
  })

  it('of a closing client: the server never hears of a connection that met silence', () => {
    const net = new TestNetwork(2)
    net.die(1, true)
    const id = net.network.open(0, 1)
    net.at(1000, () => (net.powerUp(1), net.network.close(0, id)))
    net.run()
    expect(net.got(1)).toEqual([])
  })

  it('numbers connections per client, so that nobody shifts the numbers of others', () => {
    const net = new TestNetwork(3)
    const first = net.network.open(0, 1)
    net.network.open(2, 1)
    expect(net.network.open(0, 1)).toBe(first + 1)
  })
})

describe('order', () => {
  it('is kept in each direction of a connection, whatever the latencies', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 60 }),
        (seed, gaps) => {
          const net = new TestNetwork(2, WIDE, { seed })
          const id = net.connected()
          let time = net.kernel.now
          gaps.forEach((gap, i) => net.at((time += gap), () => (net.send(id, 0, 1, i), net.send(id, 1, 0, i, true))))
          net.run()
          const expected = gaps.map((_, i) => i)
          expect(net.got(1)).toEqual(expected.map((i) => `${i} from 0`))
          expect(net.got(0)).toEqual(expected.map((i) => `${i} from 1`))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is free among connections: also of the same two hosts', () => {
    const orders = new Set<string>()
    for (let seed = 1; seed <= 40; seed++) {
      const net = new TestNetwork(2, WIDE, { seed: String(seed) })
      const first = net.network.open(0, 1)
      const second = net.network.open(0, 1)
      net.run()
      net.send(first, 0, 1, 1)
      net.send(second, 0, 1, 2)
      net.run()
      orders.add(net.got(1).join(', '))
    }
    expect(orders).toEqual(new Set(['1 from 0, 2 from 0', '2 from 0, 1 from 0']))
  })
})

describe('ends of connections', () => {
  it('closing comes after what was sent before, and what arrives later is still deliverable', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.send(id, 0, 1, 1)
    net.network.close(0, id)
    net.run()
    expect(net.got(1)).toEqual(['1 from 0', 'closed 0'])
    expect(net.got(0)).toEqual([])
  })

  it('a server that answers a client that closed meets a reset', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.network.close(0, id)
    net.run()
    net.send(id, 1, 0, 1, true)
    net.run()
    expect(net.got(1)).toEqual(['closed 0', 'reset 0'])
    expect(net.got(0)).toEqual([])
    expect([net.sent, net.delivered, net.dropped]).toEqual([1, 0, 1])
    expect(net.network.hasTraffic(0, 1)).toBe(false)
  })

  it('a request in flight is delivered after its sender died', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.send(id, 0, 1, 1)
    net.at(net.kernel.now + 1, () => net.die(0)).run()
    expect(net.got(1)).toEqual(['1 from 0', 'reset 0'])
  })

  it('a reset may overtake what was sent before it, which is then lost', () => {
    const outcomes = new Set<string>()
    for (let seed = 1; seed <= 60; seed++) {
      const net = new TestNetwork(2, WIDE, { seed: String(seed) })
      const id = net.connected()
      net.send(id, 0, 1, 1)
      net.send(id, 0, 1, 2)
      net.die(0)
      net.run()
      outcomes.add(net.got(1).join(', '))
      expect(net.delivered + net.dropped).toBe(2)
    }
    expect(outcomes).toEqual(new Set(['1 from 0, 2 from 0, reset 0', '1 from 0, reset 0', 'reset 0']))
  })

  it('a crash is answered with resets, a loss of power with silence', () => {
    for (const [silent, seen] of [
      [false, ['reset 1']],
      [true, []],
    ] as const) {
      const net = new TestNetwork(2)
      const id = net.connected()
      net.die(1, silent)
      net.send(id, 0, 1, 1)
      net.run()
      expect(net.got(0)).toEqual(seen)
      expect(net.dropped).toBe(1)
    }
  })

  it('after power is back, old connections are answered with resets', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.die(1, true)
    net.run()
    net.network.hostUp(1)
    net.start(1)
    net.send(id, 0, 1, 1)
    net.run()
    expect(net.got(0)).toEqual(['reset 1'])
    expect(net.got(1)).toEqual([])
  })

  it('the next incarnation of a server gets nothing of the former connections', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.send(id, 0, 1, 1)
    net.at(net.kernel.now + 50, () => (net.die(1), net.start(1))).run()
    expect(net.got(1)).toEqual([])
    expect(net.got(0)).toEqual(['reset 1'])
    expect(net.dropped).toBe(1)
  })

  it('sending on a connection that is gone loses the message', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.network.disconnect(0, 1)
    net.run()
    net.send(id, 0, 1, 1)
    net.send(12_345, 0, 1, 2)
    net.run()
    expect([net.got(0), net.got(1)]).toEqual([['reset 1'], ['reset 0']])
    expect([net.sent, net.dropped]).toEqual([2, 2])
  })

  it('disconnecting counts the connections of these two hosts only', () => {
    const net = new TestNetwork(3)
    net.connected(0, 1)
    net.connected(1, 0)
    net.connected(0, 2)
    expect(net.network.disconnect(1, 0)).toBe(2)
    net.run()
    expect([net.network.hasTraffic(0, 1), net.network.hasTraffic(0, 2)]).toEqual([false, true])
  })
})

describe('paused processes', () => {
  it('keep their sockets: opening, sending and closing reach them in order when they go on', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.kernel.pause(1)
    const second = net.network.open(0, 1)
    net.send(id, 0, 1, 1)
    net.send(id, 0, 1, 2)
    net.network.close(0, id)
    net.run()
    expect(net.got(0)).toEqual(['connected 1'])
    expect(net.got(1)).toEqual([])
    net.send(second, 0, 1, 3)
    net.run()
    net.kernel.resume(1)
    net.run()
    expect(net.got(1)).toEqual(['1 from 0', '2 from 0', 'closed 0', '3 from 0'])
  })

  it('lose what lies unread in the socket to a reset, of that connection only', () => {
    const net = new TestNetwork(3)
    const id = net.connected()
    const other = net.connected(2, 1)
    net.kernel.pause(1)
    net.send(id, 0, 1, 1)
    net.send(other, 2, 1, 2)
    net.run()
    net.die(0)
    net.run()
    net.kernel.resume(1)
    net.run()
    expect(net.got(1)).toEqual(['2 from 2', 'reset 0'])
  })

  it('that are killed answer with a reset', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.kernel.pause(1)
    net.send(id, 0, 1, 1)
    net.run()
    net.die(1)
    net.start(1)
    net.run()
    expect(net.got(0)).toEqual(['reset 1'])
    expect(net.got(1)).toEqual([])
  })
})

describe('messages', () => {
  it('cannot be changed after sending', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    const body = { batches: [{ records: [1, 2] }], bytes: new Uint8Array(3) }
    net.network.send(new Envelope(false, 0, 9, 0, 1, id, 1, body))
    expect(() => body.batches[0]?.records.push(3)).toThrow(TypeError)
    expect(() => ((body.batches as unknown[])[1] = 0)).toThrow(TypeError)
  })

  it('are each sent once and then delivered or dropped once, whatever happens', () => {
    const fault = fc.record({ at: fc.nat(20_000), kind: fc.nat(6), node: fc.nat(2), other: fc.nat(2) })
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.array(fault, { maxLength: 12 }), (seed, faults) => {
        const net = new TestNetwork(3, WIDE, { seed })
        const open: { id: number; client: number; server: number }[] = []
        for (let time = 0; time < 20_000; time += 700) {
          net.at(time, () => {
            const client = (time / 700) % 3
            const server = (client + 1 + (time % 2)) % 3
            if (net.kernel.nodes[client]?.state === 1)
              open.push({ id: net.network.open(client, server), client, server })
          })
          net.at(time + 350, () => {
            for (const { id, client, server } of open.slice(-3)) {
              if (net.kernel.nodes[client]?.state === 1) net.send(id, client, server, time)
              if (net.kernel.nodes[server]?.state === 1) net.send(id, server, client, time, true)
            }
          })
        }
        for (const { at, kind, node, other } of faults) {
          net.at(at, () => {
            const state = net.kernel.nodes[node]?.state
            if (kind === 0 && state !== 0) net.die(node)
            else if (kind === 1 && state !== 0) net.die(node, true)
            else if (kind <= 2 && state === 0) net.powerUp(node)
            else if (kind === 3 && node !== other) net.network.cut(node, other)
            else if (kind === 4 && net.network.links.isCut(node, other)) net.network.heal(node, other)
            else if (kind === 5) net.network.disconnect(node, other)
            else if (kind === 6 && state === 1) net.kernel.pause(node)
            else if (kind === 6) net.kernel.resume(node)
          })
        }
        net.at(30_000, () => {
          for (let a = 0; a < 3; a++)
            for (let b = 0; b < 3; b++) while (net.network.links.isCut(a, b)) net.network.heal(a, b)
        })
        net.run()
        expect(net.delivered + net.dropped).toBe(net.sent)
      }),
      { numRuns: 150 },
    )
  })
})
