import { describe, expect, it } from 'vitest'
import type { NodeHandler } from '../../kernel/node.ts'
import { constant } from '../../kernel/spread.ts'
import { MILLISECOND, ms, SECOND } from '../../kernel/time.ts'
import type { Envelope } from '../../network/envelope.ts'
import { Api } from '../protocol/api.ts'
import { FakeCluster } from './fake-cluster.test.support.ts'
import { leastLoadedNode } from './least-loaded-node.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOptions,
  type NetworkClientOwner,
} from './network-client.ts'

const BROKER = 1

class Probe implements NodeHandler, NetworkClientOwner {
  readonly cluster: FakeCluster
  readonly client: NetworkClient
  readonly said: string[] = []

  constructor(cluster: FakeCluster, options: Partial<NetworkClientOptions> = {}) {
    this.cluster = cluster
    this.client = new NetworkClient(
      cluster.env(cluster.client),
      {
        timerBase: 100,
        maxInFlight: 5,
        requestTimeoutUs: 30 * SECOND,
        reconnectBackoffUs: ms(50),
        reconnectBackoffMaxUs: ms(1000),
        setupTimeoutUs: 10 * SECOND,
        setupTimeoutMaxUs: 30 * SECOND,
        ...options,
      },
      this,
    )
  }

  say(text: string): void {
    this.said.push(`${this.cluster.kernel.now / MILLISECOND}ms ${text}`)
  }
  onStart(): void {
    this.client.ready(BROKER)
  }
  onMessage(message: unknown): void {
    this.client.onMessage(message as Envelope)
  }
  onSignal(kind: number, a: number, b: number): void {
    this.client.onSignal(kind, a, b)
  }
  onTimer(kind: number, a: number, b: number): void {
    if (!this.client.onTimer(kind, a, b)) this.say('strange timer')
  }
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }
  onReady(destination: number): void {
    this.say(`ready ${destination}`)
  }
  onConnectionFailed(destination: number): void {
    this.say(`failed ${destination}`)
  }
  onBackoffOver(destination: number): void {
    this.say(`backoff over ${destination}`)
  }
  onCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    this.say(`${request.token} ${cause}${body === null ? '' : ' with a body'}`)
  }
  metadata(token: number): void {
    this.client.send(BROKER, Api.Metadata, { topics: [] }, token)
  }
}

function probe(options: Partial<NetworkClientOptions> = {}, boring = true): Probe {
  const cluster = new FakeCluster({ latency: constant(MILLISECOND), boring })
  return new Probe(cluster, options)
}

function leastLoaded(p: Probe, nodes: readonly number[]): number {
  return leastLoadedNode(p.cluster.env(p.cluster.client), p.client, nodes)
}

describe('NetworkClient', () => {
  it('connects, asks for api versions first, then is ready', () => {
    const p = probe()
    p.cluster.startClient(p)
    expect(p.client.canSend(BROKER)).toBe(false)
    p.cluster.runUntil(SECOND)
    // One round trip for the connection, one for ApiVersions.
    expect(p.said).toEqual(['4ms ready 1'])
    expect(p.cluster.of('request.sent').map((moment) => moment.fields[1])).toEqual([18, 18 | 0x1000])
    expect(p.client.apiVersion(BROKER, Api.Produce)).toBe(13)
    expect(p.client.canSend(BROKER)).toBe(true)
  })

  it('speaks no newer version than it was told', () => {
    const p = probe({ versions: { [Api.Produce]: 9 } })
    p.cluster.startClient(p)
    p.cluster.runUntil(SECOND)
    expect(p.client.apiVersion(BROKER, Api.Produce)).toBe(9)
  })

  it('keeps at most maxInFlight requests in flight and gets answers in order', () => {
    const p = probe({ maxInFlight: 2 })
    p.cluster.startClient(p)
    p.cluster.runUntil(SECOND)
    p.metadata(1)
    expect(p.client.canSend(BROKER)).toBe(true)
    p.metadata(2)
    expect(p.client.canSend(BROKER)).toBe(false)
    p.cluster.runUntil(2 * SECOND)
    expect(p.said.slice(1)).toEqual(['1002ms 1 response with a body', '1002ms 2 response with a body'])
    expect(p.client.inFlight(BROKER)).toBe(0)
  })

  it('completes what expects no reply at once, before send() returns', () => {
    const p = probe()
    p.cluster.startClient(p)
    p.cluster.runUntil(SECOND)
    p.client.send(BROKER, Api.Produce, { acks: 0, timeoutMs: 0, partitionData: [] }, 7, false)
    expect(p.said.slice(1)).toEqual(['1000ms 7 response'])
    expect(p.client.inFlight(BROKER)).toBe(0)
  })

  it('times the oldest request out, closes the connection and disconnects the others, oldest first', () => {
    const p = probe({ requestTimeoutUs: 5 * SECOND })
    p.cluster.answerMetadata = false
    p.cluster.startClient(p)
    p.cluster.runUntil(SECOND)
    p.metadata(1)
    p.cluster.runUntil(2 * SECOND)
    p.metadata(2)
    p.cluster.runUntil(3 * SECOND)
    p.metadata(3)
    p.cluster.runUntil(20 * SECOND)
    expect(p.said.slice(1)).toEqual([
      '6000ms 1 timed-out',
      '6000ms 2 disconnected',
      '6000ms 3 disconnected',
      '6000ms failed 1',
      '6040ms backoff over 1',
    ])
  })

  it('sets one timer for many requests', () => {
    const p = probe({ requestTimeoutUs: 5 * SECOND })
    p.cluster.startClient(p)
    p.cluster.runUntil(SECOND)
    const before = p.cluster.kernel.pending
    for (let n = 0; n < 5; n++) p.metadata(n)
    // Five messages on their way and nothing else: the timer of ApiVersions stands for all.
    expect(p.cluster.kernel.pending - before).toBe(5)
  })

  it('waits its full time for a request sent long after the timer was set', () => {
    const p = probe({ requestTimeoutUs: 5 * SECOND })
    p.cluster.startClient(p)
    p.cluster.runUntil(4 * SECOND)
    p.cluster.answerMetadata = false
    p.metadata(1)
    p.cluster.runUntil(20 * SECOND)
    expect(p.said[1]).toBe('9000ms 1 timed-out')
  })

  it('ignores answers and signals of an older connection', () => {
    const p = probe()
    p.cluster.startClient(p)
    p.cluster.runUntil(SECOND)
    p.metadata(1)
    p.client.close(BROKER)
    p.cluster.runUntil(1_100_000)
    expect(p.said.slice(1)).toEqual(['1000ms 1 disconnected', '1000ms failed 1', '1040ms backoff over 1'])
    p.client.ready(BROKER)
    p.cluster.runUntil(2 * SECOND)
    p.metadata(2)
    p.cluster.runUntil(3 * SECOND)
    expect(p.said.slice(4)).toEqual(['1104ms ready 1', '2002ms 2 response with a body'])
  })

  it('doubles the reconnect back-off up to its maximum, and starts anew after success', () => {
    const p = probe()
    p.cluster.crashBroker(BROKER)
    p.cluster.startClient(p)
    const waits: number[] = []
    for (let n = 0; n < 7; n++) {
      const from = p.cluster.kernel.now
      expect(p.client.canConnect(BROKER)).toBe(n > 0)
      if (n > 0) p.client.ready(BROKER)
      while (!p.said.some((line) => line.includes('backoff over'))) p.cluster.kernel.step()
      waits.push((p.cluster.kernel.now - from) / MILLISECOND)
      p.said.length = 0
    }
    // 80 % of 50, 100, 200 ... 1000 ms (the least jitter), after a refused connection of 2 ms.
    expect(waits).toEqual([42, 82, 162, 322, 642, 802, 802])
    p.cluster.startBroker(BROKER)
    p.client.ready(BROKER)
    p.cluster.runUntil(p.cluster.kernel.now + SECOND)
    p.said.length = 0
    const from = p.cluster.kernel.now
    p.client.close(BROKER)
    p.cluster.runUntil(from + SECOND)
    expect(p.said).toContain(`${(from + 40_000) / MILLISECOND}ms backoff over 1`)
  })

  it('spreads the back-off over 80..120 %', () => {
    const waits = new Set<number>()
    for (const seed of ['1', '2', '3', '4', '5', '6']) {
      const cluster = new FakeCluster({ latency: constant(0), seed })
      const p = new Probe(cluster)
      cluster.crashBroker(BROKER)
      cluster.startClient(p)
      cluster.runUntil(SECOND)
      const wait = Number.parseFloat(p.said[1] ?? '')
      expect(wait).toBeGreaterThanOrEqual(40)
      expect(wait).toBeLessThanOrEqual(60)
      waits.add(wait)
    }
    expect(waits.size).toBeGreaterThan(3)
  })

  it('gives a silent host up after the setup timeout, which doubles', () => {
    const p = probe({ setupTimeoutUs: ms(1000), setupTimeoutMaxUs: ms(3000) })
    p.cluster.kernel.kill(BROKER)
    p.cluster.network.nodeDied(BROKER, true)
    p.cluster.startClient(p)
    p.cluster.runUntil(900_000)
    p.client.ready(BROKER)
    p.cluster.runUntil(10 * SECOND)
    // 80 % of 1 s, a back-off of 40 ms, then 80 % of 2 s.
    expect(p.said).toEqual(['800ms failed 1', '840ms backoff over 1', '2500ms failed 1', '2580ms backoff over 1'])
  })

  it('drops everything when it is closed', () => {
    const p = probe()
    p.cluster.startClient(p)
    p.cluster.runUntil(SECOND)
    p.metadata(1)
    p.client.closeAll()
    p.cluster.runUntil(100 * SECOND)
    expect(p.said.slice(1)).toEqual([])
  })

  it('asks the least loaded node', () => {
    const cluster = new FakeCluster({ brokers: 3, latency: constant(MILLISECOND) })
    const p = new Probe(cluster)
    cluster.startClient(p)
    expect(leastLoaded(p, [1, 2, 3])).toBe(1) // connecting
    cluster.runUntil(SECOND)
    expect(leastLoaded(p, [1, 2, 3])).toBe(1) // the only one that is ready
    p.client.ready(2)
    cluster.runUntil(2 * SECOND)
    p.metadata(1)
    expect(leastLoaded(p, [1, 2, 3])).toBe(2) // nothing in flight
    p.client.close(1)
    p.client.close(2)
    expect(leastLoaded(p, [1, 2])).toBe(-1) // both in back-off
    expect(leastLoaded(p, [1, 2, 3])).toBe(3)
  })
})
