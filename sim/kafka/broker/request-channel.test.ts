import { expect, test } from 'vitest'
import { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import { RequestChannel, type RequestHandler } from './request-channel.ts'

/** Handles requests by their correlation: those named wait until they are released, the others are answered at once. */
class Scripted implements RequestHandler {
  readonly handled: number[] = []
  readonly replied: number[] = []
  readonly disconnected: number[] = []
  readonly channel: RequestChannel
  private readonly parked: ReadonlySet<number>

  constructor(parked: readonly number[] = []) {
    this.parked = new Set(parked)
    // The channel replies and disconnects, and asks for nothing else.
    const env = {
      reply: (to: Envelope) => this.replied.push(to.correlation),
      disconnect: (connection: number) => this.disconnected.push(connection),
    }
    this.channel = new RequestChannel(env as unknown as Env, this)
  }

  handle(request: Envelope): void {
    this.handled.push(request.correlation)
    if (!this.parked.has(request.correlation)) this.channel.reply(request, {})
  }
}

function request(correlation: number, connection = 7): Envelope {
  return new Envelope(false, 0, 13, 4, 1, connection, correlation, {})
}

test('a connection is muted while one of its requests is worked on; others are not', () => {
  const handler = new Scripted([1])
  const { channel } = handler
  const first = request(1)
  channel.receive(first)
  channel.receive(request(2))
  channel.receive(request(3))
  channel.receive(request(9, 8))
  expect(handler.handled).toEqual([1, 9])
  channel.reply(first, {})
  expect(handler.handled).toEqual([1, 9, 2, 3])
  expect(handler.replied).toEqual([9, 1, 2, 3])
})

test('closing loses what waits behind', () => {
  const handler = new Scripted([1])
  const first = request(1)
  handler.channel.receive(first)
  handler.channel.receive(request(2))
  handler.channel.close(first)
  expect(handler.disconnected).toEqual([7])
  handler.channel.done(first)
  expect(handler.handled).toEqual([1])
  expect(handler.channel.isOpen(first)).toBe(false)
})

test('what a peer sent before it closed is worked off, and then the connection ends', () => {
  const handler = new Scripted([1])
  const first = request(1)
  handler.channel.receive(first)
  handler.channel.receive(request(2))
  handler.channel.peerClosed(7)
  expect(handler.disconnected).toEqual([])
  handler.channel.done(first)
  expect(handler.handled).toEqual([1, 2])
  expect(handler.disconnected).toEqual([7])
  handler.channel.peerClosed(8)
  expect(handler.disconnected).toEqual([7, 8])
})

test('after a reset nothing that waited is worked on', () => {
  const handler = new Scripted([1])
  const first = request(1)
  handler.channel.receive(first)
  handler.channel.receive(request(2))
  handler.channel.reset(7)
  handler.channel.done(first)
  expect(handler.handled).toEqual([1])
  expect(handler.disconnected).toEqual([])
})

test('a closing that happens while waiting requests are taken up ends them', () => {
  const handler = new Scripted([1, 3])
  const first = request(1)
  const third = request(3)
  handler.channel.receive(first)
  for (const next of [request(2), third, request(4)]) handler.channel.receive(next)
  handler.channel.done(first)
  expect(handler.handled).toEqual([1, 2, 3])
  handler.channel.close(third)
  expect(handler.handled).toEqual([1, 2, 3])
})

test('any number of requests may wait', () => {
  const handler = new Scripted([0])
  const first = request(0)
  handler.channel.receive(first)
  for (let i = 1; i <= 50_000; i++) handler.channel.receive(request(i))
  handler.channel.done(first)
  expect(handler.handled).toHaveLength(50_001)
  expect(handler.handled.at(-1)).toBe(50_000)
})
