import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Breaches } from './breaches.ts'

/**
 * What a quorum of controllers owes to brokers (KIP-595): one leader per epoch, one vote per voter and epoch, and a committed
 * log that is never lost and that alone brokers apply. The promise ends when a voter loses its disk: it votes as if it had
 * never held a log (KAFKA-12460).
 */
export class QuorumInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.quorumElected,
    M.quorumVoted,
    M.quorumCommitted,
    M.metadataApplied,
    M.diskWiped,
  ]
  private readonly shadow: Shadow
  private readonly breaches: Breaches
  private readonly leaders: Map<number, number> = new Map()
  /** By voter: whom it voted for in its newest epoch, and that epoch. */
  private readonly votes: Map<number, { readonly epoch: number; readonly candidate: number }> = new Map()
  /** By offset: what names the committed log up to there. */
  private readonly chains: Map<number, number> = new Map()
  /** The end of what is committed, and the newest epoch in which a leader knew of it. */
  private end = 0
  private endEpoch = 0
  private isVoid = false

  constructor(shadow: Shadow, breaches: Breaches) {
    this.shadow = shadow
    this.breaches = breaches
  }

  onMoment(kind: number, time: number, node: number, a: number, b: number, c: number): void {
    if (kind === M.diskWiped && this.shadow.names.node(node).startsWith('controller-')) this.isVoid = true
    if (this.isVoid) return
    switch (kind) {
      case M.quorumElected:
        return this.onElected(time, node, a)
      case M.quorumVoted:
        return this.onVoted(time, node, a, b)
      case M.quorumCommitted:
        return this.onCommitted(time, node, a, b, c)
      case M.metadataApplied:
        return this.onApplied(time, node, a, b)
    }
  }

  private onElected(time: number, node: number, epoch: number): void {
    const other = this.leaders.get(epoch)
    if (other !== undefined && other !== node) {
      this.add(
        'one-leader-per-quorum-epoch',
        time,
        `${this.name(other)} and ${this.name(node)} both lead epoch ${epoch}`,
      )
    }
    this.leaders.set(epoch, node)
  }

  private onVoted(time: number, node: number, candidate: number, epoch: number): void {
    const before = this.votes.get(node)
    if (before !== undefined && before.epoch === epoch && before.candidate !== candidate) {
      const both = `${this.name(before.candidate)} and ${this.name(candidate)}`
      this.add('one-vote-per-quorum-epoch', time, `${this.name(node)} voted for ${both} in epoch ${epoch}`)
    }
    this.votes.set(node, { epoch, candidate })
  }

  private onCommitted(time: number, node: number, offset: number, epoch: number, chain: number): void {
    const before = this.chains.get(offset)
    if (before !== undefined && before !== chain) {
      const message = `${this.name(node)} has committed another metadata log up to ${offset} in epoch ${epoch}`
      this.add('committed-metadata-kept', time, message)
    } else if (epoch > this.endEpoch && offset < this.end) {
      const message = `${this.name(node)} knows the metadata log up to ${offset} in epoch ${epoch}; ${this.end} was committed`
      this.add('committed-metadata-kept', time, message)
    }
    this.chains.set(offset, chain)
    this.end = Math.max(this.end, offset)
    this.endEpoch = Math.max(this.endEpoch, epoch)
  }

  private onApplied(time: number, node: number, offset: number, chain: number): void {
    if (this.chains.get(offset) === chain) return
    this.add(
      'metadata-prefix',
      time,
      `${this.name(node)} applied the metadata log up to ${offset}, which is not committed`,
    )
  }

  private add(invariant: string, time: number, message: string): void {
    this.breaches.add(invariant, time, message)
  }

  private name(node: number): string {
    return this.shadow.names.node(node)
  }
}
