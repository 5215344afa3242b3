import type { BrokerRegistrationRequest } from '../protocol/messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import { BrokerHeartbeatManager } from './broker-heartbeats.ts'

export type RegisterBrokerRecord = Extract<MetadataRecord, { readonly type: 'RegisterBrokerRecord' }>
export type BrokerRegistrationChangeRecord = Extract<
  MetadataRecord,
  { readonly type: 'BrokerRegistrationChangeRecord' }
>

/** What the controller has committed about a broker. Immutable. */
export interface BrokerRegistration {
  readonly brokerId: number
  /** Offset of the record that registered this incarnation. */
  readonly brokerEpoch: number
  readonly incarnationId: number
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  /** Offset of the newest registration record; a repeated registration moves it, not the epoch. */
  readonly registrationOffset: number
  /** Replicas (`tp`) in log directories that have failed since it started. */
  readonly offlineReplicas: readonly number[]
}

const NONE: readonly number[] = Object.freeze([])

/** Refused, a repetition by the same process, or a new incarnation after a clean shutdown or not. */
export type RegistrationDecision =
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'amended'; readonly existing: BrokerRegistration }
  | { readonly kind: 'new'; readonly clean: boolean }

/** `ClusterControlManager`: the brokers' registrations, epochs and fencing. */
export class ClusterControlManager {
  readonly heartbeats: BrokerHeartbeatManager
  private readonly registrations: Map<number, BrokerRegistration> = new Map()

  constructor(sessionTimeoutUs: number) {
    this.heartbeats = new BrokerHeartbeatManager(sessionTimeoutUs)
  }

  /**
   * Begins the sessions of the brokers that count as alive (`activate`): their contact times start now, so fencing after a
   * controller's failure is late by up to a session. Fenced ones get none (KAFKA-19130).
   */
  activate(now: number): void {
    for (const { brokerId, brokerEpoch, fenced } of this.registrations.values()) {
      if (!fenced) this.heartbeats.tracker.updateContactTime(brokerId, brokerEpoch, now)
    }
  }

  registration(brokerId: number): BrokerRegistration | undefined {
    return this.registrations.get(brokerId)
  }

  /** All registered brokers, ascending. */
  brokerIds(): readonly number[] {
    return [...this.registrations.keys()].sort((a, b) => a - b)
  }

  /** Neither fenced nor in controlled shutdown. */
  isActive(brokerId: number): boolean {
    const registration = this.registrations.get(brokerId)
    return registration !== undefined && !registration.fenced && !registration.inControlledShutdown
  }

  /** Whether the log directory of a broker's replica is in order (`hasOnlineDir`), as far as anybody told. */
  hasOnlineDir(brokerId: number, tp: number): boolean {
    const offline = this.registrations.get(brokerId)?.offlineReplicas ?? NONE
    return offline.length === 0 || !offline.includes(tp)
  }

  /** `checkBrokerEpoch`; false = STALE_BROKER_EPOCH. */
  hasEpoch(brokerId: number, brokerEpoch: number): boolean {
    return this.registrations.get(brokerId)?.brokerEpoch === brokerEpoch
  }

  /**
   * Judges a registration (`registerBroker`). While the previous incarnation's session is valid a new one is a duplicate,
   * unless the previous one was in controlled shutdown (KAFKA-19047). The previous shutdown was clean if the broker found
   * the epoch in its clean-shutdown marker that the controller has stored (KIP-966).
   */
  decideRegistration(request: BrokerRegistrationRequest, now: number): RegistrationDecision {
    const existing = this.registrations.get(request.brokerId)
    if (existing === undefined) return { kind: 'new', clean: false }
    if (existing.incarnationId === request.incarnationId) return { kind: 'amended', existing }
    const session = this.heartbeats.tracker.hasValidSession(existing.brokerId, existing.brokerEpoch, now)
    if (session && !existing.inControlledShutdown) return { kind: 'duplicate' }
    return { kind: 'new', clean: existing.brokerEpoch === request.previousBrokerEpoch }
  }

  replayRegistration(record: RegisterBrokerRecord, offset: number): void {
    const { brokerId, brokerEpoch, incarnationId, fenced, inControlledShutdown } = record
    const existing = this.registrations.get(brokerId)
    if (existing !== undefined) this.heartbeats.remove(brokerId)
    if (existing !== undefined && existing.brokerEpoch !== brokerEpoch) {
      this.heartbeats.tracker.removeSession(brokerId, existing.brokerEpoch)
    }
    this.registrations.set(brokerId, {
      brokerId,
      brokerEpoch,
      incarnationId,
      fenced,
      inControlledShutdown,
      registrationOffset: offset,
      offlineReplicas: existing?.brokerEpoch === brokerEpoch ? existing.offlineReplicas : NONE,
    })
    this.heartbeats.register(brokerId, fenced)
  }

  replayChange(record: BrokerRegistrationChangeRecord): void {
    const existing = this.registrations.get(record.brokerId)
    if (existing === undefined || existing.brokerEpoch !== record.brokerEpoch) {
      throw new Error(`the metadata log changes a registration of broker ${record.brokerId} that does not exist`)
    }
    const fenced = record.fenced ?? existing.fenced
    const inControlledShutdown = record.inControlledShutdown ?? existing.inControlledShutdown
    const offlineReplicas = record.offlineReplicas ?? existing.offlineReplicas
    this.registrations.set(record.brokerId, { ...existing, fenced, inControlledShutdown, offlineReplicas })
    this.heartbeats.register(record.brokerId, fenced)
  }
}
