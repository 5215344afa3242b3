import { describe, expect, test } from 'vitest'
import { M } from '../../history/catalogue.ts'
import { SECOND } from '../../kernel/time.ts'
import { Live } from '../broker/live-transactions.test.support.ts'
import { Api, type ApiKey } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { JoinGroupResponse, LeaveGroupResponse } from '../protocol/group-messages.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import type { TxnOffsetCommitResponse } from '../protocol/transaction-messages.ts'
import { type Call, ID, type Identity } from '../transaction/transaction-cluster.test.support.ts'
import { GROUP, joinRequest } from './group-cluster.test.support.ts'

const NOBODY = { memberId: '', generationId: -1 }

/** A group whose offsets are part of transactions. */
class OffsetsInTransactions extends Live {
  private readonly groupCoordinator: number

  constructor(profile: Partial<ClusterProfile>) {
    super({ profile })
    this.groupCoordinator = this.found()
  }

  /** The group's coordinator, once there is a topic for it. */
  private found(): number {
    for (let tries = 0; tries < 20; tries++) {
      const found = this.ask(1, Api.FindCoordinator, { keyType: 'group', key: GROUP }, 6, 0.25)
      if (found?.errorCode === Errors.NONE) return found.nodeId
    }
    return -1
  }

  asking<T>(api: ApiKey, body: object, apiVersion: number): Call<T> {
    const { groupCoordinator } = this
    const connection = this.open(groupCoordinator)
    return { connection, correlation: this.send(connection, groupCoordinator, api, body, apiVersion) }
  }

  saving(who: Identity, committedOffset: number, member = NOBODY): Call<TxnOffsetCommitResponse> {
    const partitions = [{ topicId: 1, partition: 0, committedOffset, committedLeaderEpoch: -1 }]
    const { memberId, generationId } = member
    const of = { memberId, generationIdOrMemberEpoch: generationId, groupInstanceId: null }
    return this.asking(Api.TxnOffsetCommit, { transactionalId: ID, groupId: GROUP, ...who, ...of, partitions }, 5)
  }

  saved(call: Call<TxnOffsetCommitResponse>): number {
    return this.answer(call)?.partitions[0]?.errorCode ?? -99
  }

  /** The only member of the group, in its first generation. */
  join(): typeof NOBODY {
    const first = this.asking<JoinGroupResponse>(Api.JoinGroup, joinRequest({}), 9)
    this.runFor(0.3)
    const memberId = this.answer(first)?.memberId ?? ''
    const joining = this.asking<JoinGroupResponse>(Api.JoinGroup, joinRequest({ memberId }), 9)
    this.runFor(4)
    return { memberId, generationId: this.answer(joining)?.generationId ?? -1 }
  }

  leave(memberId: string): void {
    const members = [{ memberId, groupInstanceId: null, reason: '' }]
    const call = this.asking<LeaveGroupResponse>(Api.LeaveGroup, { groupId: GROUP, members }, 5)
    this.runFor(0.3)
    expect(this.answer(call)?.errorCode).toBe(Errors.NONE)
  }
}

describe('offsets of a transaction that ended', () => {
  /** How often a transaction was completed, and its offsets were not there yet. */
  function lateIn(rounds: number, profile: Partial<ClusterProfile>): number {
    const cluster = new OffsetsInTransactions(profile)
    const [completed, committed] = [cluster.watch(M.txnCompleted), cluster.watch(M.offsetCommitted)]
    let who: Identity = cluster.init()
    let late = 0
    for (let round = 1; round <= rounds; round++) {
      const saving = cluster.saving(who, round)
      cluster.runFor(0.3)
      expect(cluster.saved(saving)).toBe(Errors.NONE)
      cluster.ending(who, true)
      while (completed.seen.length < round) cluster.kernel.step()
      if (committed.seen.length < round) late++
      cluster.runFor(0.3)
      expect(committed.seen).toHaveLength(round)
      who = { ...who, producerEpoch: who.producerEpoch + 1 }
    }
    return late
  }

  test('are there when its markers are acknowledged', () => {
    expect(lateIn(10, {})).toBe(0)
  })

  test('come some time later as before KAFKA-17507 (`transaction.offsets.materialized: later`)', () => {
    expect(lateIn(10, { 'transaction.offsets.materialized': 'later' })).toBeGreaterThan(0)
  })
})

describe('a member that leaves while the transaction of its offsets is verified', () => {
  test.each([
    ['with-write', Errors.UNKNOWN_MEMBER_ID],
    ['before-verification', Errors.NONE],
  ] as const)('`transaction.offsets.validated: %s` (KAFKA-15784)', (validated, code) => {
    const cluster = new OffsetsInTransactions({ 'transaction.offsets.validated': validated })
    const who = cluster.init()
    const member = cluster.join()
    cluster.delay(Api.AddPartitionsToTxn, true, 2 * SECOND)
    const saving = cluster.saving(who, 5, member)
    cluster.runFor(0.2)
    expect(cluster.saved(saving)).toBe(-99)
    cluster.leave(member.memberId)
    cluster.runFor(4)
    expect(cluster.saved(saving)).toBe(code)
  })
})
