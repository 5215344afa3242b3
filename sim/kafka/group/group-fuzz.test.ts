import { describe, expect, test } from 'vitest'
import { Stream } from '../../kernel/stream.ts'
import { TestHasher } from '../../kernel/world.test.support.ts'
import { Errors } from '../protocol/errors.ts'
import type { JoinGroupResponse, OffsetCommitResponse } from '../protocol/group-messages.ts'
import { assignments, type Call, GroupCluster, type Member } from './group-cluster.test.support.ts'

/** Members that do at random what members do, in a cluster in which at most one broker is away. */
class Chaos {
  readonly cluster: GroupCluster
  private readonly random: Stream
  private readonly joins: Call<JoinGroupResponse>[] = []
  private readonly members: Member[] = []
  private readonly commits: { readonly call: Call<OffsetCommitResponse>; readonly offset: number }[] = []
  private away = 0
  private isCutOff = false
  private next = 1
  /** The newest offset of which a commit was acknowledged. */
  acknowledged = -1
  /** Moments at which a read told less than was acknowledged before it was asked. */
  lost = 0

  constructor(seed: string, materialisation: 'when-touched' | 'at-once') {
    this.random = new Stream(seed, 'chaos', '')
    this.cluster = new GroupCluster({
      materialisation,
      hasher: new TestHasher(),
      broker: { 'min.insync.replicas': 2 },
    })
  }

  run(steps: number): void {
    for (let i = 0; i < steps; i++) {
      if (this.cluster.coordinator > 0) this.act()
      else this.cluster.runFor(3)
      this.cluster.runFor((this.random.below(40) + 1) / 20)
      this.learn()
    }
  }

  private act(): void {
    const { cluster, random } = this
    const member = this.members[random.below(this.members.length + 1)]
    switch (random.below(12)) {
      case 0:
        this.joins.push(cluster.joiningNew({ sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 8000 }).call)
        break
      case 1:
        this.joins.push(cluster.joining({ groupInstanceId: `i${random.below(2)}`, rebalanceTimeoutMs: 8000 }))
        break
      case 2:
      case 3:
        if (member !== undefined) {
          const { memberId } = member
          this.joins.push(cluster.joining({ memberId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 8000 }))
        }
        break
      case 4:
      case 5:
        if (member !== undefined) {
          cluster.sync(member, { assignments: assignments(...this.members.map(({ memberId }) => memberId)) })
        }
        break
      case 6:
        if (member !== undefined) cluster.heartbeat(member)
        break
      case 7:
        if (member !== undefined) cluster.leave(member.memberId)
        break
      case 8:
        this.commits.push({ call: cluster.committing(member ?? NOBODY, this.next), offset: this.next++ })
        break
      case 9:
        this.read()
        break
      case 10:
        this.commits.push({ call: cluster.committing(NOBODY, this.next), offset: this.next++ })
        break
      default:
        this.disturb()
    }
  }

  private read(): void {
    const before = this.acknowledged
    const told = this.cluster.committed(true, 0.5)
    if (told !== null && told < before && told >= -1) this.lost++
  }

  private disturb(): void {
    const { cluster, random } = this
    if (this.away > 0) {
      if (this.isCutOff) cluster.heal(this.away, EVERYBODY)
      else cluster.startBroker(this.away)
      this.away = 0
      cluster.runFor(15)
      return
    }
    this.away = random.below(2) === 0 ? cluster.coordinator : random.below(3) + 1
    const how = random.below(3)
    this.isCutOff = how === 0
    if (how === 0) cluster.isolate(this.away, EVERYBODY)
    else if (how === 1) cluster.crash(this.away)
    else cluster.losePower(this.away)
  }

  private learn(): void {
    for (const join of this.joins.splice(0)) {
      const answer = this.cluster.answer(join)
      if (answer === null) this.joins.push(join)
      else if (answer.errorCode === Errors.NONE) {
        const { memberId, generationId } = answer
        const at = this.members.findIndex((known) => known.memberId === memberId)
        this.members.splice(at < 0 ? this.members.length : at, at < 0 ? 0 : 1, { memberId, generationId })
      }
    }
    for (const { call, offset } of this.commits) {
      if (this.cluster.commitError(call) === Errors.NONE) this.acknowledged = Math.max(this.acknowledged, offset)
    }
  }
}

/** Controller, brokers and clients. */
const EVERYBODY: readonly number[] = [0, 1, 2, 3, 4]
const NOBODY: Member = { memberId: '', generationId: -1 }

describe('groups in a cluster in which at most one broker is away', () => {
  test.each(['1', '2', '3', '4', '5', '6'])(
    'seed %s: what is acknowledged is never lost, whenever replicas are made',
    (seed) => {
      const worlds = (['when-touched', 'at-once'] as const).map((materialisation) => {
        const chaos = new Chaos(seed, materialisation)
        chaos.run(150)
        expect(chaos.lost).toBe(0)
        return { digest: chaos.cluster.kernel.digest(), acknowledged: chaos.acknowledged }
      })
      expect(worlds[1]).toEqual(worlds[0])
      expect(worlds[0]?.acknowledged).toBeGreaterThan(0)
    },
  )
})
