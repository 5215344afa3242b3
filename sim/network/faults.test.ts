import { describe, expect, it } from 'vitest'
import { samplerOf } from '../kernel/sampler.ts'
import { constant, type Spread } from '../kernel/spread.ts'
import { TestNetwork } from './network.test.support.ts'
import { StreamRule } from './stream-rule.ts'

const WIDE: Spread = { kind: 'uniform', minUs: 0, maxUs: 2000 }

type RuleOptions = ConstructorParameters<typeof StreamRule>[0]
const rule = (options: Partial<RuleOptions>): StreamRule =>
  new StreamRule({
    id: 1,
    from: null,
    to: null,
    api: null,
    reply: false,
    delay: null,
    nth: 1,
    count: null,
    sameConnection: false,
    ...options,
  })

describe('cuts', () => {
  it('hold what is sent and let it pass in order after healing, without loss', () => {
    const net = new TestNetwork(2, WIDE)
    const id = net.connected()
    net.network.cut(0, 1)
    for (let i = 0; i < 20; i++) net.send(id, 0, 1, i)
    net.run()
    expect(net.got(1)).toEqual([])
    net.network.heal(0, 1)
    for (let i = 20; i < 30; i++) net.send(id, 0, 1, i)
    net.run()
    expect(net.got(1)).toEqual(Array.from({ length: 30 }, (_, i) => `${i} from 0`))
  })

  it('let pass what was under way already', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.send(id, 0, 1, 1)
    net.network.cut(0, 1)
    net.run()
    expect(net.got(1)).toEqual(['1 from 0'])
  })

  it('are one-way', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.network.cut(0, 1)
    net.send(id, 0, 1, 1)
    net.send(id, 1, 0, 2, true)
    net.run()
    expect([net.got(0), net.got(1)]).toEqual([['2 from 1'], []])
  })

  it('that overlap last for their union', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.network.cut(0, 1)
    net.network.cut(0, 1)
    net.send(id, 0, 1, 1)
    net.network.heal(0, 1)
    net.run()
    expect(net.got(1)).toEqual([])
    net.network.heal(0, 1)
    net.run()
    expect(net.got(1)).toEqual(['1 from 0'])
  })

  it('hold openings and closings too, in their place', () => {
    const net = new TestNetwork(2)
    net.network.cut(0, 1)
    const id = net.network.open(0, 1)
    net.run()
    expect(net.got(0)).toEqual([])
    net.network.heal(0, 1)
    net.run()
    expect(net.got(0)).toEqual(['connected 1'])
    net.network.cut(0, 1)
    net.send(id, 0, 1, 1)
    net.network.close(0, id)
    net.network.heal(0, 1)
    net.run()
    expect(net.got(1)).toEqual(['1 from 0', 'closed 0'])
  })

  it('deliver after healing what a process sent that died meanwhile, but not what a host without power sent', () => {
    for (const [silent, got, dropped] of [
      [false, ['1 from 0', 'reset 0'], 0],
      [true, [], 1],
    ] as const) {
      const net = new TestNetwork(2)
      const id = net.connected()
      net.network.cut(0, 1)
      net.send(id, 0, 1, 1)
      net.die(0, silent)
      net.run()
      net.network.heal(0, 1)
      net.run()
      expect([net.got(1), net.dropped]).toEqual([got, dropped])
    }
  })

  it('say whom they touched', () => {
    const net = new TestNetwork(3)
    const id = net.connected()
    const held: string[] = []
    net.network.touch = { onTouched: () => {}, onHeld: (from, to) => held.push(`${from}>${to}`) }
    net.network.cut(0, 1)
    net.network.cut(0, 2)
    net.send(id, 0, 1, 1)
    net.network.open(0, 2)
    expect(held).toEqual(['0>1', '0>2'])
  })
})

describe('drop rules', () => {
  it('lose the message and end its connection for both sides', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.network.addRule(rule({ nth: 2 }))
    for (let i = 1; i <= 2; i++) net.send(id, 0, 1, i)
    net.run()
    expect(net.got(1)).toEqual(['1 from 0', 'reset 0'])
    expect(net.got(0)).toEqual(['reset 1'])
    expect(net.network.hasTraffic(0, 1)).toBe(false)
  })

  it('nothing sent after the lost message arrives, even before the sender knows', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const net = new TestNetwork(2, WIDE, { seed: String(seed) })
      const id = net.connected()
      net.network.addRule(rule({ count: 1 }))
      for (let i = 1; i <= 5; i++) net.send(id, 0, 1, i)
      net.run()
      expect(net.got(1)).toEqual(['reset 0'])
      expect([net.delivered, net.dropped]).toEqual([0, 5])
    }
  })

  it('nobody sees a good-order closing behind the gap', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const net = new TestNetwork(2, WIDE, { seed: String(seed) })
      const id = net.connected()
      net.network.addRule(rule({}))
      net.send(id, 0, 1, 1)
      net.network.close(0, id)
      net.run()
      expect(net.got(1)).toEqual(['reset 0'])
      expect(net.network.hasTraffic(0, 1)).toBe(false)
    }
  })

  it('take only what they mean: direction, hosts, request or reply, connection, number', () => {
    const cases: readonly (readonly [Partial<RuleOptions>, readonly string[]])[] = [
      [{ from: [1] }, ['1 from 0', '2 from 0']],
      [{ to: [2] }, ['1 from 0', '2 from 0']],
      [{ api: 1 }, ['1 from 0', '2 from 0']],
      [{ reply: true }, ['1 from 0', '2 from 0']],
      [{ nth: 3 }, ['1 from 0', '2 from 0']],
      [{ count: 0 }, ['1 from 0', '2 from 0']],
      [{ from: [0], to: [1], api: 0, nth: 2 }, ['1 from 0', 'reset 0']],
    ]
    for (const [options, got] of cases) {
      const net = new TestNetwork(3)
      const id = net.connected()
      net.network.addRule(rule(options))
      net.send(id, 0, 1, 1)
      net.send(id, 0, 1, 2)
      net.run()
      expect(net.got(1)).toEqual(got)
    }
  })

  it('"same connection" stays with the connection of the first match', () => {
    const net = new TestNetwork(2)
    const first = net.connected()
    const second = net.connected()
    const touched: number[] = []
    net.network.touch = { onTouched: (id) => touched.push(id), onHeld: () => {} }
    net.network.addRule(rule({ id: 9, sameConnection: true, delay: samplerOf(constant(50)) }))
    net.send(first, 0, 1, 1)
    net.send(second, 0, 1, 2)
    net.send(first, 0, 1, 3)
    expect(touched).toEqual([9, 9])
  })

  it('that were removed do nothing', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    net.network.addRule(rule({ id: 4 }))
    net.network.removeRule(4)
    net.send(id, 0, 1, 1)
    net.run()
    expect(net.got(1)).toEqual(['1 from 0'])
  })
})

describe('delay rules', () => {
  it('hold the stream: what follows on the connection waits too, other connections do not', () => {
    const net = new TestNetwork(2)
    const first = net.connected()
    const second = net.connected()
    const start = net.kernel.now
    net.network.addRule(rule({ count: 1, delay: samplerOf(constant(5000)) }))
    net.send(first, 0, 1, 1)
    net.send(first, 0, 1, 2)
    net.send(second, 0, 1, 3)
    net.run()
    expect(net.lines(1)).toEqual([`${start + 100} 3 from 0`, `${start + 5100} 1 from 0`, `${start + 5100} 2 from 0`])
  })

  it('that overlap add up', () => {
    const net = new TestNetwork(2)
    const id = net.connected()
    const start = net.kernel.now
    net.network.addRule(rule({ id: 1, delay: samplerOf(constant(1000)) }))
    net.network.addRule(rule({ id: 2, delay: samplerOf(constant(10_000)) }))
    net.send(id, 0, 1, 1)
    net.run()
    expect(net.lines(1)).toEqual([`${start + 11_100} 1 from 0`])
  })
})

describe('latencies', () => {
  it('of a pair of its own hold both ways and for nobody else', () => {
    const net = new TestNetwork(3)
    const far = net.connected(0, 1)
    const near = net.connected(0, 2)
    net.network.links.setLatency(1, 0, constant(20_000))
    const start = net.kernel.now
    net.send(far, 0, 1, 1)
    net.send(far, 1, 0, 2, true)
    net.send(near, 0, 2, 3)
    net.run()
    expect([net.lines(0), net.lines(1), net.lines(2)]).toEqual([
      [`${start + 20_000} 2 from 1`],
      [`${start + 20_000} 1 from 0`],
      [`${start + 100} 3 from 0`],
    ])
  })
})
