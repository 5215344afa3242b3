import type { Envelope } from '../../network/envelope.ts'
import { Errors } from '../protocol/errors.ts'
import { FINAL_SHARE_SESSION_EPOCH, INITIAL_SHARE_SESSION_EPOCH } from '../protocol/share-messages.ts'

/** What a broker knows of a member that fetches from it (`ShareSession`). */
export interface ShareSession {
  readonly groupId: string
  readonly memberId: string
  readonly connection: number
  /** What the next request must carry. */
  epoch: number
  /** Partitions it has fetched. */
  tps: readonly number[]
}

/** `ShareSessionCache`. A session ends with its connection (KAFKA-19015). */
export class ShareSessions {
  private readonly sessions: Map<string, ShareSession> = new Map()

  get(groupId: string, memberId: string): ShareSession | undefined {
    return this.sessions.get(keyOf(groupId, memberId))
  }

  /** `newContext`: begins a session with epoch 0, or goes on with one. Returns the error that the request is refused with. */
  onFetch(envelope: Envelope, groupId: string, memberId: string, epoch: number, tps: readonly number[]): number {
    if (epoch === INITIAL_SHARE_SESSION_EPOCH) {
      const { connection } = envelope
      // Of a session that it replaces nothing is released: its locks run out.
      this.sessions.set(keyOf(groupId, memberId), { groupId, memberId, connection, epoch: 1, tps })
      return Errors.NONE
    }
    const error = this.onRequest(groupId, memberId, epoch)
    const session = this.get(groupId, memberId)
    if (error === Errors.NONE && session !== undefined && epoch !== FINAL_SHARE_SESSION_EPOCH) session.tps = tps
    return error
  }

  /** `acknowledgeSessionUpdate` */
  onAcknowledge(groupId: string, memberId: string, epoch: number): number {
    if (epoch === INITIAL_SHARE_SESSION_EPOCH) return Errors.INVALID_SHARE_SESSION_EPOCH
    return this.onRequest(groupId, memberId, epoch)
  }

  private onRequest(groupId: string, memberId: string, epoch: number): number {
    const session = this.get(groupId, memberId)
    if (session === undefined) return Errors.SHARE_SESSION_NOT_FOUND
    if (epoch === FINAL_SHARE_SESSION_EPOCH) return Errors.NONE
    if (session.epoch !== epoch) return Errors.INVALID_SHARE_SESSION_EPOCH
    session.epoch++
    return Errors.NONE
  }

  end(session: ShareSession): void {
    this.sessions.delete(keyOf(session.groupId, session.memberId))
  }

  /** Sessions over a connection. */
  over(connection: number): readonly ShareSession[] {
    if (this.sessions.size === 0) return []
    return [...this.sessions.values()].filter((session) => session.connection === connection)
  }
}

function keyOf(groupId: string, memberId: string): string {
  return `${groupId} ${memberId}`
}
