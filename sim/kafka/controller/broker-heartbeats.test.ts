import { describe, expect, test } from 'vitest'
import type { BrokerHeartbeatRequest } from '../protocol/messages.ts'
import { BrokerHeartbeatManager, BrokerHeartbeatTracker } from './broker-heartbeats.ts'

const SESSION = 9_000_000

function wish(fields: Partial<BrokerHeartbeatRequest>): BrokerHeartbeatRequest {
  return { brokerId: 1, brokerEpoch: 0, currentMetadataOffset: 10, wantFence: false, wantShutDown: false, ...fields }
}

describe('BrokerHeartbeatTracker', () => {
  test('a session is valid up to its timeout and lapses after it', () => {
    const tracker = new BrokerHeartbeatTracker(SESSION)
    tracker.updateContactTime(1, 0, 1000)
    expect(tracker.hasValidSession(1, 0, 1000 + SESSION)).toBe(true)
    expect(tracker.hasValidSession(1, 0, 1001 + SESSION)).toBe(false)
    expect(tracker.hasValidSession(1, 5, 1000)).toBe(false)
  })

  test('lapsed sessions are removed one by one', () => {
    const tracker = new BrokerHeartbeatTracker(SESSION)
    for (const broker of [2, 1, 3]) tracker.updateContactTime(broker, 7, broker === 3 ? 5000 : 0)
    expect(tracker.removeExpired(SESSION + 1)).toMatchObject({ brokerId: 2, brokerEpoch: 7 })
    expect(tracker.removeExpired(SESSION + 1)).toMatchObject({ brokerId: 1 })
    expect(tracker.removeExpired(SESSION + 1)).toBeUndefined()
  })
})

describe('BrokerHeartbeatManager.nextState', () => {
  const rows: readonly [string, fenced: boolean, Partial<BrokerHeartbeatRequest>, leads: boolean, next: string][] = [
    ['a fenced broker that has applied its registration', true, {}, false, 'unfenced'],
    ['a fenced broker that has not', true, { currentMetadataOffset: 9 }, false, 'fenced'],
    ['a fenced broker that wants to stay so', true, { wantFence: true }, false, 'fenced'],
    ['a fenced broker that wants to go', true, { wantShutDown: true, wantFence: true }, false, 'shutdown-now'],
    ['an unfenced broker', false, {}, true, 'unfenced'],
    ['an unfenced broker that wants to be fenced', false, { wantFence: true }, true, 'fenced'],
    [
      'an unfenced broker that wants to be fenced and go',
      false,
      { wantFence: true, wantShutDown: true },
      true,
      'shutdown-now',
    ],
    ['an unfenced broker that leads and wants to go', false, { wantShutDown: true }, true, 'controlled-shutdown'],
    ['an unfenced broker that leads nothing and wants to go', false, { wantShutDown: true }, false, 'shutdown-now'],
  ]

  test.each(rows)('%s', (_what, fenced, fields, leads, next) => {
    const manager = new BrokerHeartbeatManager(SESSION)
    manager.register(1, fenced)
    expect(manager.nextState(wish(fields), 10, leads)).toBe(next)
  })

  test('a controlled shutdown is granted when nothing is led and every active broker has applied it', () => {
    const manager = new BrokerHeartbeatManager(SESSION)
    for (const broker of [1, 2, 3]) manager.register(broker, false)
    manager.touch(2, false, 20)
    manager.touch(3, false, 19)
    manager.maybeUpdateControlledShutdownOffset(1, 20)
    manager.maybeUpdateControlledShutdownOffset(1, 30)
    const going = wish({ wantShutDown: true })
    expect(manager.nextState(going, 10, false)).toBe('controlled-shutdown')
    manager.touch(3, false, 20)
    expect(manager.nextState(going, 10, true)).toBe('controlled-shutdown')
    expect(manager.nextState(going, 10, false)).toBe('shutdown-now')
    manager.touch(1, true, 20)
    expect(manager.currentState(1)).toBe('fenced')
  })

  test('it waits for nobody when nobody else is active', () => {
    const manager = new BrokerHeartbeatManager(SESSION)
    manager.register(1, false)
    manager.register(2, true)
    manager.maybeUpdateControlledShutdownOffset(1, 20)
    expect(manager.nextState(wish({ wantShutDown: true }), 10, false)).toBe('shutdown-now')
  })
})
