import { M } from '../../sim/history/catalogue.ts'
import { Errors } from '../../sim/kafka/protocol/errors.ts'
import { ConsumingHistory, GROUPS, ORDERS, OTHER_ORDERS, PAYMENTS, type ReaderName } from './consuming.test.helper.ts'

/**
 * What a group promises: commits after the work (nothing lost), before it (nothing twice), a store that refuses offsets it has
 * seen (neither), or outputs acknowledged before the commit (nothing lost).
 */
export type Mode = 'after' | 'before' | 'fenced' | 'processor'

const READER: Readonly<Record<Mode, ReaderName>> = {
  after: 'billing',
  before: 'billing',
  fenced: 'writer',
  processor: 'service',
}

interface Member {
  readonly node: number
  up: boolean
  /** It does not know yet that the group went on without it. */
  zombie: boolean
  generation: number
  /** Where it reads on, by partition that it believes to own. */
  readonly positions: Map<number, number>
  outputs: number
}

/** A consumer group that keeps its promise, as simple as can be: it tells every step to a history. */
export class ConsumerGroup {
  readonly h: ConsumingHistory
  readonly mode: Mode
  readonly reader: ReaderName
  readonly tps: readonly number[]
  readonly members: readonly Member[]
  generation = 0
  readonly committed: Map<number, number> = new Map()
  private readonly lastCommitter: Map<number, { readonly node: number; readonly generation: number }> = new Map()
  private readonly logs: Map<number, number[]> = new Map()
  /** Next offset that the store takes. */
  private readonly taken: Map<number, number> = new Map()
  /** Who coordinates the group, and in which epoch. */
  coordinator = 1
  private coordinatorEpoch = 0
  private records = 0
  private time = 1

  constructor(mode: Mode) {
    this.mode = mode
    this.reader = READER[mode]
    this.h = new ConsumingHistory({ readers: [this.reader], fence: 'offset' })
    this.tps = mode === 'fenced' ? [PAYMENTS] : [ORDERS, OTHER_ORDERS]
    this.members = this.h[this.reader].map((node) => ({
      node,
      up: true,
      zombie: false,
      generation: 0,
      positions: new Map(),
      outputs: 0,
    }))
    for (const tp of this.tps) this.logs.set(tp, [])
    this.h.loads(this.reader, this.coordinator, this.coordinatorEpoch)
    for (const { node } of this.members) this.tellJoined(node)
    this.rebalance()
  }

  log(tp: number): number[] {
    return this.logs.get(tp) as number[]
  }

  private tick(): void {
    this.h.at(this.time++)
  }

  /** Publishes a record; keys stay in their partition. */
  publish(key: number): number {
    this.tick()
    const tp = this.tps[key % this.tps.length] as number
    const n = this.records++
    this.h.put(n, { tp, key })
    this.log(tp).push(this.h.record(n))
    return tp
  }

  /** Everybody who is in the group gives up what it has and gets its share, from where the group stands. */
  rebalance(): void {
    this.tick()
    const live = this.members.filter((member) => member.up && !member.zombie)
    for (const member of live) {
      for (const tp of member.positions.keys()) this.h.revoked(this.reader, member.node, member.generation, tp)
      member.positions.clear()
    }
    this.generation++
    this.h.rebalanced(this.reader, this.generation)
    for (const member of live) member.generation = this.generation
    this.tps.forEach((tp, index) => {
      const owner = live[index % live.length]
      if (owner === undefined) return
      owner.positions.set(tp, this.committed.get(tp) ?? 0)
      this.h.assigned(this.reader, owner.node, this.generation, tp)
      this.h.fetchedOffset(this.reader, owner.node, this.committed.get(tp) ?? -1, this.generation, tp)
    })
  }

  ownerOf(tp: number): Member | undefined {
    return this.members.find((member) => member.up && !member.zombie && member.positions.has(tp))
  }

  /** The coordinator refuses whoever does not know of the newest generation. */
  commit(member: Member, tp: number, offset: number): boolean {
    if (member.generation !== this.generation) {
      const { generation, node } = member
      const error = Errors.ILLEGAL_GENERATION
      this.h.emit(M.commitRefused, this.coordinator, GROUPS[this.reader], tp, offset, error, generation, node)
      return false
    }
    this.committed.set(tp, offset)
    this.lastCommitter.set(tp, { node: member.node, generation: member.generation })
    this.tellCommitted(tp)
    return true
  }

  private tellCommitted(tp: number): void {
    const by = this.lastCommitter.get(tp)
    if (by === undefined) return
    this.h.commits(this.reader, by.node, this.committed.get(tp) ?? 0, by.generation, tp, this.coordinator)
  }

  /** Another broker takes the group over, and tells what it found. */
  moveCoordinator(): void {
    this.tick()
    this.coordinator = (this.coordinator % 3) + 1
    for (const tp of this.tps) this.tellCommitted(tp)
    this.h.loads(this.reader, this.coordinator, ++this.coordinatorEpoch)
  }

  private tellJoined(node: number): void {
    this.h.emit(M.memberJoined, this.coordinator, GROUPS[this.reader], node, this.generation)
  }

  private tellRemoved(node: number): void {
    this.h.emit(M.memberRemoved, this.coordinator, GROUPS[this.reader], node, this.generation, 1)
  }

  /** One record through a member's hands; how far it comes before the process dies, if it does. */
  work(member: Member, tp: number, commits: boolean, diesAt: 'nowhere' | 'start' | 'before-commit' = 'nowhere'): void {
    const offset = member.positions.get(tp) ?? -1
    const record = this.log(tp)[offset]
    if (record === undefined || !member.up) return
    this.tick()
    this.h.got(member.node, record, offset, tp)
    if (this.mode === 'before' && !this.commit(member, tp, offset + 1)) return
    this.h.works(member.node, record, offset, tp)
    if (diesAt === 'start') return this.crash(member)
    this.effect(member, record, offset, tp)
    member.positions.set(tp, offset + 1)
    if (diesAt === 'before-commit') return this.crash(member)
    if (commits && this.mode !== 'before') this.commit(member, tp, offset + 1)
  }

  effect(member: Member, record: number, offset: number, tp: number): void {
    switch (this.mode) {
      case 'after':
      case 'before':
        this.h.processed(member.node, record, offset, tp, member.generation)
        return
      case 'processor':
        this.h.forwards(member.node, member.outputs++, record)
        return
      case 'fenced':
        if (offset < (this.taken.get(tp) ?? 0)) {
          this.h.refused(record, offset, 2, tp)
          return
        }
        this.taken.set(tp, offset + 1)
        this.h.stored(record, offset, 1, member.generation, tp)
    }
  }

  crash(member: Member): void {
    this.tick()
    this.h.crashed(member.node)
    if (!member.zombie) this.tellRemoved(member.node)
    member.up = false
    member.zombie = false
    member.positions.clear()
    this.rebalance()
  }

  start(member: Member): void {
    if (member.up) return
    this.tick()
    this.h.started(member.node)
    this.tellJoined(member.node)
    member.up = true
    this.rebalance()
  }

  /** The group goes on without a member that does not notice. */
  forget(member: Member): void {
    if (!member.up || member.zombie) return
    member.zombie = true
    this.tellRemoved(member.node)
    this.rebalance()
  }

  notice(member: Member): void {
    if (!member.zombie) return
    this.tick()
    for (const tp of member.positions.keys()) this.h.lost(this.reader, member.node, member.generation, tp)
    member.positions.clear()
    member.zombie = false
    this.tellJoined(member.node)
    this.rebalance()
  }

  step(kind: number, size: number): void {
    const member = this.members[size % 2] as Member
    const tp = this.tps[size % this.tps.length] as number
    const believes = [...member.positions.keys()][0] ?? tp
    switch (kind) {
      case 0:
      case 1:
        this.publish(size)
        return
      case 2:
      case 3:
        this.work(member, believes, kind === 2)
        return
      case 4:
        this.work(member, believes, true, size % 3 === 0 ? 'start' : 'before-commit')
        return
      case 5:
        this.start(member)
        return
      case 6:
        this.forget(member)
        return
      case 7:
        this.notice(member)
        return
      default:
        this.moveCoordinator()
    }
  }

  /** Everything is well again. */
  recover(): void {
    for (const member of this.members) {
      this.notice(member)
      this.start(member)
    }
  }

  /** The end: all is read and committed. */
  settle(): void {
    this.recover()
    for (const tp of this.tps) {
      const owner = this.ownerOf(tp) as Member
      while ((owner.positions.get(tp) ?? 0) < this.log(tp).length) this.work(owner, tp, true)
      const end = owner.positions.get(tp) ?? 0
      if (end > (this.committed.get(tp) ?? 0)) this.commit(owner, tp, end)
    }
    this.tick()
  }
}

/** Kinds of steps. */
export const STEPS = 9
