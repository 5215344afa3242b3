import { describe, expect, it } from 'vitest'
import { TestNetwork } from './network.test.support.ts'
import { StreamRule } from './stream-rule.ts'

const DROP_ALL = new StreamRule({
  id: 1,
  from: null,
  to: null,
  api: null,
  reply: false,
  delay: null,
  nth: 1,
  count: null,
  sameConnection: false,
})

describe('a process that connects to itself', () => {
  it('asks and answers, hardly waiting', () => {
    const net = new TestNetwork(2)
    const id = net.connected(1, 1)
    net.at(1000, () => net.send(id, 1, 1, 7))
    net.at(2000, () => net.send(id, 1, 1, 7, true))
    net.run()
    expect(net.lines(1)).toEqual(['1050 7 from 1', '2050 7 from 1'])
  })

  it('learns of the end when it closes one end', () => {
    const net = new TestNetwork(2)
    const id = net.connected(1, 1)
    net.at(1000, () => net.network.close(1, id))
    net.run()
    expect(net.lines(1)).toEqual(['1050 closed 1'])
    expect(net.network.hasTraffic(1, 1)).toBe(false)
    net.at(2000, () => net.send(id, 1, 1, 8))
    net.run()
    expect(net.dropped).toBe(1)
  })

  it('sends nothing to who comes after it', () => {
    const net = new TestNetwork(2)
    const id = net.connected(1, 1)
    net.at(1000, () => net.send(id, 1, 1, 7))
    net.at(1010, () => net.die(1))
    net.at(1020, () => net.start(1))
    net.run()
    expect(net.lines(1)).toEqual([])
    expect(net.network.hasTraffic(1, 1)).toBe(false)
  })

  it('loses both ends to a lost message', () => {
    const net = new TestNetwork(2)
    const id = net.connected(1, 1)
    net.network.addRule(DROP_ALL)
    net.at(1000, () => net.send(id, 1, 1, 7))
    net.run()
    expect(net.got(1)).toEqual(['reset 1'])
    expect(net.network.hasTraffic(1, 1)).toBe(false)
  })
})
