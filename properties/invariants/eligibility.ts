import { M } from '../../sim/history/catalogue.ts'
import { brokersOf } from '../../sim/history/ids.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Breaches } from './breaches.ts'

/**
 * Whom the controller may make something: nobody who is fenced or shutting down comes into an in-sync set or to lead
 * (`ReplicationControlManager.ineligibleReplicasForIsr`, `isAcceptableLeader`). A registration begins fenced.
 */
export class EligibilityInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.leaderElected,
    M.isrChanged,
    M.brokerRegistered,
    M.brokerFenced,
    M.brokerUnfenced,
    M.brokerShutdown,
  ]
  private readonly shadow: Shadow
  private readonly breaches: Breaches
  /** By broker: why it is not eligible, '' when it is. */
  private readonly why: string[]
  /** By partition: the in-sync set before. */
  private readonly isrLow: Int32Array
  private readonly isrHigh: Int32Array

  constructor(shadow: Shadow, breaches: Breaches) {
    this.shadow = shadow
    this.breaches = breaches
    this.why = shadow.names.nodes.map(() => '')
    this.isrLow = new Int32Array(shadow.partitions.count)
    this.isrHigh = new Int32Array(shadow.partitions.count)
  }

  onMoment(
    kind: number,
    time: number,
    _node: number,
    a: number,
    b: number,
    c: number,
    _d: number,
    e: number,
    f: number,
  ): void {
    switch (kind) {
      case M.brokerRegistered:
      case M.brokerFenced:
        this.why[a] = 'fenced'
        return
      case M.brokerUnfenced:
        this.why[a] = ''
        return
      case M.brokerShutdown:
        this.why[a] = 'shutting down'
        return
      case M.leaderElected:
        this.checkLeader(time, this.shadow.partitions.indexOf(a), b)
        return this.checkIsr(time, this.shadow.partitions.indexOf(a), e, f)
      default:
        return this.checkIsr(time, this.shadow.partitions.indexOf(a), b, c)
    }
  }

  private checkLeader(time: number, partition: number, leader: number): void {
    const why = this.why[leader] ?? ''
    if (partition < 0 || why === '') return
    const { names, partitions } = this.shadow
    this.breaches.add(
      'leader-eligible',
      time,
      `${names.node(leader)} was elected for ${partitions.names[partition]} while it was ${why}`,
    )
  }

  private checkIsr(time: number, partition: number, low: number, high: number): void {
    if (partition < 0) return
    const joined = brokersOf(low & ~(this.isrLow[partition] as number), high & ~(this.isrHigh[partition] as number))
    this.isrLow[partition] = low
    this.isrHigh[partition] = high
    for (const broker of joined) {
      const why = this.why[broker] ?? ''
      if (why === '') continue
      const { names, partitions } = this.shadow
      this.breaches.add(
        'isr-member-eligible',
        time,
        `${names.node(broker)} came into the in-sync set of ${partitions.names[partition]} while it was ${why}`,
      )
    }
  }
}
