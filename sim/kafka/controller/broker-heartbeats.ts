import type { BrokerHeartbeatRequest } from '../protocol/messages.ts'

/** `BrokerControlState`: where a broker stands, and where its heartbeat takes it. */
export type BrokerControlState = 'fenced' | 'unfenced' | 'controlled-shutdown' | 'shutdown-now'

interface Contact {
  readonly brokerId: number
  readonly brokerEpoch: number
  at: number
}

/**
 * `BrokerHeartbeatTracker`: when each incarnation of a broker was last heard of. Every heartbeat counts, also one that is
 * then refused. Soft state: it begins afresh with the controller's process.
 */
export class BrokerHeartbeatTracker {
  private readonly sessionTimeoutUs: number
  /** In the order of first contact: Kafka's map has no order, so this one is as good and the same in every run. */
  private contacts: Contact[] = []

  constructor(sessionTimeoutUs: number) {
    this.sessionTimeoutUs = sessionTimeoutUs
  }

  updateContactTime(brokerId: number, brokerEpoch: number, now: number): void {
    const contact = this.find(brokerId, brokerEpoch)
    if (contact === undefined) this.contacts.push({ brokerId, brokerEpoch, at: now })
    else contact.at = now
  }

  hasValidSession(brokerId: number, brokerEpoch: number, now: number): boolean {
    const contact = this.find(brokerId, brokerEpoch)
    return contact !== undefined && !this.isExpired(contact, now)
  }

  /** Forgets one incarnation whose session has lapsed and returns it, or undefined when there is none. */
  removeExpired(now: number): { readonly brokerId: number; readonly brokerEpoch: number } | undefined {
    const expired = this.contacts.find((contact) => this.isExpired(contact, now))
    if (expired !== undefined) this.contacts = this.contacts.filter((contact) => contact !== expired)
    return expired
  }

  removeSession(brokerId: number, brokerEpoch: number): void {
    this.contacts = this.contacts.filter(
      (contact) => contact.brokerId !== brokerId || contact.brokerEpoch !== brokerEpoch,
    )
  }

  private find(brokerId: number, brokerEpoch: number): Contact | undefined {
    for (const contact of this.contacts) {
      if (contact.brokerId === brokerId && contact.brokerEpoch === brokerEpoch) return contact
    }
    return undefined
  }

  private isExpired(contact: Contact, now: number): boolean {
    return contact.at + this.sessionTimeoutUs < now
  }
}

class BrokerHeartbeatState {
  fenced: boolean
  /** Highest metadata offset the broker said it has applied; -1 = not told since its registration last changed. */
  metadataOffset = -1
  /** Offset that every active broker must have applied before the shutdown is granted; -1 = no controlled shutdown. */
  controlledShutdownOffset = -1

  constructor(fenced: boolean) {
    this.fenced = fenced
  }

  /** Unfenced and not shutting down. */
  get active(): boolean {
    return !this.fenced && this.controlledShutdownOffset < 0
  }
}

/** `BrokerHeartbeatManager`: the soft state behind unfencing and the granting of controlled shutdowns. */
export class BrokerHeartbeatManager {
  readonly tracker: BrokerHeartbeatTracker
  private readonly brokers: Map<number, BrokerHeartbeatState> = new Map()

  constructor(sessionTimeoutUs: number) {
    this.tracker = new BrokerHeartbeatTracker(sessionTimeoutUs)
  }

  remove(brokerId: number): void {
    this.brokers.delete(brokerId)
  }

  /** Follows a registration; what the broker said about its metadata only survives a change of fencing. */
  register(brokerId: number, fenced: boolean): void {
    const broker = this.brokers.get(brokerId)
    if (broker === undefined) this.brokers.set(brokerId, new BrokerHeartbeatState(fenced))
    else this.touch(brokerId, fenced, broker.fenced === fenced ? -1 : broker.metadataOffset)
  }

  /** Notes the state that a broker's heartbeat left it in. A fenced broker is out of its controlled shutdown. */
  touch(brokerId: number, fenced: boolean, metadataOffset: number): void {
    const broker = this.state(brokerId)
    broker.fenced = fenced
    broker.metadataOffset = metadataOffset
    if (fenced) broker.controlledShutdownOffset = -1
  }

  fence(brokerId: number): void {
    const broker = this.brokers.get(brokerId)
    if (broker !== undefined) broker.fenced = true
  }

  /** The first offset counts (KAFKA-14292), or a shutdown would chase the end of the log. */
  maybeUpdateControlledShutdownOffset(brokerId: number, offset: number): void {
    const broker = this.state(brokerId)
    if (broker.controlledShutdownOffset < 0) broker.controlledShutdownOffset = offset
  }

  /** Lowest metadata offset that an active broker reported; Infinity when none is active. */
  lowestActiveOffset(): number {
    let lowest = Number.POSITIVE_INFINITY
    for (const broker of this.brokers.values()) {
      if (broker.active && broker.metadataOffset < lowest) lowest = broker.metadataOffset
    }
    return lowest
  }

  currentState(brokerId: number): Exclude<BrokerControlState, 'shutdown-now'> {
    const broker = this.state(brokerId)
    if (broker.controlledShutdownOffset >= 0) return 'controlled-shutdown'
    return broker.fenced ? 'fenced' : 'unfenced'
  }

  /**
   * `calculateNextBrokerState`: where a heartbeat takes its broker.
   *
   * @param registrationOffset offset of the broker's registration; it is unfenced once it has applied that.
   * @param leads whether it leads a partition.
   */
  nextState(request: BrokerHeartbeatRequest, registrationOffset: number, leads: boolean): BrokerControlState {
    const broker = this.state(request.brokerId)
    const current = this.currentState(request.brokerId)
    if (current === 'fenced') {
      if (request.wantShutDown) return 'shutdown-now'
      return !request.wantFence && request.currentMetadataOffset >= registrationOffset ? 'unfenced' : 'fenced'
    }
    if (current === 'unfenced') {
      if (request.wantFence) return request.wantShutDown ? 'shutdown-now' : 'fenced'
      if (!request.wantShutDown) return 'unfenced'
      return leads ? 'controlled-shutdown' : 'shutdown-now'
    }
    const replayed = broker.controlledShutdownOffset <= this.lowestActiveOffset()
    return leads || !replayed ? 'controlled-shutdown' : 'shutdown-now'
  }

  private state(brokerId: number): BrokerHeartbeatState {
    const broker = this.brokers.get(brokerId)
    if (broker === undefined) throw new Error(`broker ${brokerId} has no registration`)
    return broker
  }
}
