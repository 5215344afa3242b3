import { M } from '../../../history/catalogue.ts'
import type { Env } from '../../env.ts'
import type { RebalanceListenerInvoker } from './consumer-coordinator.ts'
import type { ConsumerOwner } from './consumer-owner.ts'
import type { SubscriptionState } from './subscription-state.ts'

/** Under which generation, or member epoch, partitions were taken over last. */
export interface Ownership {
  readonly ownedUnder: number
}

/**
 * `ConsumerRebalanceListenerInvoker`: the application hears of partitions that come and go. A partition goes when the
 * application has let go of it, which may take it a commit.
 */
export class ConsumerRebalanceListener implements RebalanceListenerInvoker {
  private readonly env: Env
  private readonly owner: ConsumerOwner
  private readonly subscriptions: SubscriptionState
  private readonly membership: Ownership
  /** The group's name in moments. */
  private readonly group: number
  private revocation: 'none' | 'asked' | 'released' = 'none'

  constructor(env: Env, owner: ConsumerOwner, subscriptions: SubscriptionState, membership: Ownership, group: number) {
    this.env = env
    this.owner = owner
    this.subscriptions = subscriptions
    this.membership = membership
    this.group = group
  }

  /** The application is in its callback. */
  get isRevoking(): boolean {
    return this.revocation === 'asked'
  }

  /** The application has let go of what it was asked for; false when it was not asked. */
  release(): boolean {
    if (this.revocation !== 'asked') return false
    this.revocation = 'released'
    return true
  }

  abandonRevocation(): void {
    if (this.revocation === 'released') this.revocation = 'none'
  }

  invokeRevoked(tps: readonly number[]): boolean {
    if (this.revocation === 'none') this.ask(tps)
    if (this.revocation !== 'released') return false
    this.revocation = 'none'
    this.tellAll(M.partitionRevoked, tps)
    this.subscriptions.assign(this.subscriptions.assigned().filter((tp) => !tps.includes(tp)))
    return true
  }

  invokeLost(tps: readonly number[]): void {
    this.tellAll(M.partitionLost, tps)
    this.owner.onPartitionsLost(tps)
    this.subscriptions.assign([])
  }

  invokeAssigned(added: readonly number[]): void {
    this.tellAll(M.partitionAssigned, added)
    this.owner.onPartitionsAssigned(added)
  }

  private ask(tps: readonly number[]): void {
    this.revocation = 'asked'
    this.owner.onPartitionsRevoked(tps)
  }

  /** Records what happened to partitions. */
  tellAll(kind: number, tps: readonly number[]): void {
    for (const tp of tps) this.env.emit(kind, this.group, tp, this.membership.ownedUnder)
  }
}
