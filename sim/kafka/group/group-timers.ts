import { ms } from '../../kernel/time.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { Env } from '../env.ts'

/** What is to be done when a group's timer fires. */
export type GroupTask =
  | { readonly kind: 'session'; readonly groupId: string; readonly memberId: string }
  | { readonly kind: 'share-session'; readonly groupId: string; readonly memberId: string }
  | { readonly kind: 'join'; readonly groupId: string }
  | { readonly kind: 'initial-join'; readonly groupId: string; readonly delayMs: number; readonly remainingMs: number }
  | { readonly kind: 'sync'; readonly groupId: string; readonly generationId: number }
  | MemberTask

/** What is to be done about one member of a group of the consumer protocol. */
export type MemberTask =
  | { readonly kind: 'member-session'; readonly groupId: string; readonly memberId: string }
  | {
      readonly kind: 'member-rebalance'
      readonly groupId: string
      readonly memberId: string
      readonly memberEpoch: number
    }
  /** Of a member that speaks the classic protocol. */
  | { readonly kind: 'member-join' | 'member-sync'; readonly groupId: string; readonly memberId: string }

interface Scheduled {
  readonly task: GroupTask
  readonly key: string
  readonly handle: TimerHandle
}

/**
 * Timers of one coordinator partition by key, as `CoordinatorTimer` has them: scheduling a key again replaces its timer. Both
 * ways to wait for joins share a key.
 */
export class GroupTimers {
  private readonly env: Env
  private readonly tp: number
  private readonly byKey: Map<string, number> = new Map()
  private readonly bySerial: Map<number, Scheduled> = new Map()
  private nextSerial = 1

  constructor(env: Env, tp: number) {
    this.env = env
    this.tp = tp
  }

  schedule(task: GroupTask, delayMs: number): void {
    const key = keyOf(task)
    this.cancelKey(key)
    const serial = this.nextSerial++
    const handle = this.env.setTimer(BrokerTimer.GroupTask, ms(delayMs), this.tp, serial)
    this.byKey.set(key, serial)
    this.bySerial.set(serial, { task, key, handle })
  }

  /** Leaves a timer that runs already as it is. */
  scheduleIfAbsent(task: GroupTask, delayMs: number): void {
    if (!this.byKey.has(keyOf(task))) this.schedule(task, delayMs)
  }

  cancelMember(kind: MemberTask['kind'], groupId: string, memberId: string): void {
    this.cancelKey(memberKey(kind, groupId, memberId))
  }

  cancelSession(groupId: string, memberId: string): void {
    this.cancelKey(keyOf({ kind: 'session', groupId, memberId }))
  }

  cancelShareSession(groupId: string, memberId: string): void {
    this.cancelKey(keyOf({ kind: 'share-session', groupId, memberId }))
  }

  cancelJoin(groupId: string): void {
    this.cancelKey(keyOf({ kind: 'join', groupId }))
  }

  cancelSync(groupId: string): void {
    this.cancelKey(keyOf({ kind: 'sync', groupId, generationId: 0 }))
  }

  /** The task whose timer fired; undefined when it is not one of this partition's present life. */
  fired(serial: number): GroupTask | undefined {
    const scheduled = this.bySerial.get(serial)
    if (scheduled === undefined) return undefined
    this.bySerial.delete(serial)
    this.byKey.delete(scheduled.key)
    return scheduled.task
  }

  cancelAll(): void {
    for (const key of [...this.byKey.keys()]) this.cancelKey(key)
  }

  private cancelKey(key: string): void {
    const serial = this.byKey.get(key)
    if (serial === undefined) return
    this.byKey.delete(key)
    const scheduled = this.bySerial.get(serial)
    this.bySerial.delete(serial)
    if (scheduled !== undefined) this.env.cancel(scheduled.handle)
  }
}

function keyOf(task: GroupTask): string {
  switch (task.kind) {
    case 'session':
      return `session ${task.groupId.length} ${task.groupId} ${task.memberId}`
    case 'share-session':
      return `share-session ${task.groupId.length} ${task.groupId} ${task.memberId}`
    case 'join':
    case 'initial-join':
      return `join ${task.groupId}`
    case 'sync':
      return `sync ${task.groupId}`
    case 'member-session':
    case 'member-rebalance':
    case 'member-join':
    case 'member-sync':
      return memberKey(task.kind, task.groupId, task.memberId)
  }
}

function memberKey(kind: MemberTask['kind'], groupId: string, memberId: string): string {
  return `${kind} ${groupId.length} ${groupId} ${memberId}`
}
