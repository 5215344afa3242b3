import { M } from '../../../history/catalogue.ts'
import type { Env } from '../../env.ts'
import type { MemberState } from '../../protocol/consumer-group-records.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerGroupMember, LEFT, sameCurrent } from './consumer-group-member.ts'

/** How `member.reconciled` tells a state. */
const STATE_NUMBERS: Readonly<Record<MemberState, number>> = {
  STABLE: 0,
  UNREVOKED_PARTITIONS: 1,
  UNRELEASED_PARTITIONS: 2,
}
const NONE: readonly number[] = []

/** Tells how members come on, and who holds which partition by their coordinator's account. */
export class MemberMoments {
  private readonly env: Env
  /** While the log is being loaded nobody is told what it once said. */
  private tells = false

  constructor(env: Env) {
    this.env = env
  }

  begin(): void {
    this.tells = true
  }

  /** A member has become another one; undefined = there is none. */
  onMember(
    group: ConsumerGroup,
    before: ConsumerGroupMember | undefined,
    after: ConsumerGroupMember | undefined,
  ): void {
    if (!this.tells) return
    if (before !== undefined && after !== undefined && sameCurrent(before.current, after.current)) return
    const had = heldBy(before)
    const has = heldBy(after)
    for (const tp of had) if (!has.includes(tp)) this.tellHeld(M.partitionReleased, group, tp, before)
    if (after !== undefined && after.current !== LEFT) this.tellReconciled(group, after)
    for (const tp of has) if (!had.includes(tp)) this.tellHeld(M.partitionGranted, group, tp, after)
  }

  private tellReconciled(group: ConsumerGroup, { memberId, metadata, current }: ConsumerGroupMember): void {
    const { memberEpoch, state } = current
    const id = this.env.recorder.text(memberId)
    const { node } = metadata
    this.env.emitWide(M.memberReconciled, group.text, node, memberEpoch, STATE_NUMBERS[state], group.groupEpoch, id)
  }

  private tellHeld(kind: number, group: ConsumerGroup, tp: number, member: ConsumerGroupMember | undefined): void {
    if (member === undefined) return
    const id = this.env.recorder.text(member.memberId)
    this.env.emitWide(kind, group.text, tp, member.metadata.node, member.current.memberEpoch, id)
  }
}

/** What nobody else may have. */
function heldBy(member: ConsumerGroupMember | undefined): readonly number[] {
  if (member === undefined) return NONE
  const { assigned, pendingRevocation } = member.current
  return pendingRevocation.length === 0 ? assigned : [...assigned, ...pendingRevocation]
}
