import { expect, test } from 'vitest'
import { Envelope } from '../../network/envelope.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import { ShareSessions } from './share-sessions.ts'

const over = (connection: number): Envelope => new Envelope(false, Api.ShareFetch, 1, 5, 1, connection, 0, {})

test('a session begins with epoch 0 and counts on with every request', () => {
  const sessions = new ShareSessions()
  expect(sessions.onFetch(over(1), 'g', 'm', 1, [7])).toBe(Errors.SHARE_SESSION_NOT_FOUND)
  expect(sessions.onAcknowledge('g', 'm', 1)).toBe(Errors.SHARE_SESSION_NOT_FOUND)
  expect(sessions.onFetch(over(1), 'g', 'm', 0, [7])).toBe(Errors.NONE)
  expect(sessions.onFetch(over(1), 'g', 'm', 1, [7, 8])).toBe(Errors.NONE)
  expect(sessions.onAcknowledge('g', 'm', 2)).toBe(Errors.NONE)
  expect(sessions.onFetch(over(1), 'g', 'm', 2, [7])).toBe(Errors.INVALID_SHARE_SESSION_EPOCH)
  expect(sessions.onAcknowledge('g', 'm', 0)).toBe(Errors.INVALID_SHARE_SESSION_EPOCH)
  expect(sessions.get('g', 'm')?.tps).toEqual([7, 8])
})

test('members have sessions of their own, over their own connections', () => {
  const sessions = new ShareSessions()
  sessions.onFetch(over(1), 'g', 'm', 0, [7])
  sessions.onFetch(over(2), 'g', 'n', 0, [7])
  expect(sessions.over(1).map(({ memberId }) => memberId)).toEqual(['m'])
  expect(sessions.over(3)).toEqual([])
  // It begins anew over another connection: the end of the old one is none of it.
  sessions.onFetch(over(3), 'g', 'm', 0, [7])
  expect(sessions.over(1)).toEqual([])
  for (const session of sessions.over(3)) sessions.end(session)
  expect(sessions.get('g', 'm')).toBeUndefined()
  expect(sessions.onAcknowledge('g', 'm', -1)).toBe(Errors.SHARE_SESSION_NOT_FOUND)
  expect(sessions.onAcknowledge('g', 'n', -1)).toBe(Errors.NONE)
})
