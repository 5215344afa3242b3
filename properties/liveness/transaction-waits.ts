import { partitionOf } from '../../sim/history/ids.ts'
import { type Coordinated, type CoordinatedTransaction, End, type Life } from '../shadow/coordinated.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { TxnEnd } from '../shadow/transactions.ts'
import { listed } from '../words.ts'
import { noOffsetsLeader } from './group-excuses.ts'
import type { PartitionWait } from './partition-waits.ts'
import { noCoordinatorOf } from './transaction-excuses.ts'

/** A transaction that does not end. */
export interface TransactionWait {
  readonly who: string
  /** How it stands, in words. */
  readonly state: string
  readonly waitsFor: string
  readonly sinceUs: number
  readonly rule: string
  readonly excuse: string | null
}

/**
 * Transactions that do not end: calls of commitTransaction() and abortTransaction() that do not return, and those that a
 * coordinator has not completed, because they are open, or because markers are missing.
 */
export class TransactionWaits {
  private readonly shadow: Shadow
  private readonly consumption: Consumption | null
  private readonly coordinated: Coordinated
  private readonly partitions: ReadonlyMap<number, PartitionWait>
  private readonly seed: string

  /** @param seed of the run. */
  constructor(
    shadow: Shadow,
    consumption: Consumption | null,
    coordinated: Coordinated,
    partitions: ReadonlyMap<number, PartitionWait>,
    seed: string,
  ) {
    this.seed = seed
    this.shadow = shadow
    this.consumption = consumption
    this.coordinated = coordinated
    this.partitions = partitions
  }

  all(): readonly TransactionWait[] {
    const { names } = this.shadow
    const calls = names.nodes.flatMap((_, node) => this.ofCall(node) ?? [])
    return [...calls, ...this.coordinated.all().flatMap((one) => this.ofCoordinator(one) ?? [])]
  }

  // --- calls --------------------------------------------------------------------------------------------------------

  private ofCall(node: number): TransactionWait | null {
    const { transactions, names, cluster } = this.shadow
    const txn = transactions.openAt(node)
    if (txn < 0 || cluster.isDown(node)) return null
    const [asked, end] = [transactions.asked.at(txn), transactions.end.at(txn)]
    if (asked === 0 || end !== TxnEnd.open) return null
    const call = asked === 1 ? 'commitTransaction()' : 'abortTransaction()'
    const who = names.node(node)
    return {
      who,
      state: `${call} of ${who} had not returned`,
      waitsFor: `${call} to return`,
      sinceUs: transactions.askedAt.at(txn),
      rule: this.ruleOfCall(transactions.transactionalId.at(txn)),
      excuse: this.noCoordinatorOf(this.coordinated.lifeOf(node)),
    }
  }

  private ruleOfCall(text: number): string {
    const known = this.coordinated.of(text)
    const answer = 'it returns with the answer to EndTxn, which the client asks for again and again'
    switch (known?.state) {
      case undefined:
        return `${answer}; no coordinator knows of the transaction`
      case 'ongoing':
        return `${answer}; for ${this.coordinator(known)} the transaction is open`
      case 'prepared':
        return `${answer}; ${this.coordinator(known)} has decided to ${endOf(known)} it, and answers others with CONCURRENT_TRANSACTIONS until it is complete`
      case 'completed':
        return `${answer}; for ${this.coordinator(known)} it is complete`
    }
  }

  // --- coordinators -------------------------------------------------------------------------------------------------

  private ofCoordinator(one: CoordinatedTransaction): TransactionWait | null {
    switch (one.state) {
      case 'completed':
        return null
      case 'ongoing':
        return this.ongoing(one)
      case 'prepared':
        return this.prepared(one)
    }
  }

  private ongoing(one: CoordinatedTransaction): TransactionWait {
    const who = this.name(one)
    const rule = `${this.coordinator(one)} aborts it once it has been open for transaction.timeout.ms, if its producer does not end it`
    return this.wait(one, `${who} is open`, 'its end', rule, this.noCoordinator(one))
  }

  private prepared(one: CoordinatedTransaction): TransactionWait {
    const who = this.name(one)
    const missing = [...one.partitions].filter((tp) => (this.coordinated.endsIn(tp, one.producerId) & one.end) === 0)
    const state = `${who} is not complete, although ${this.coordinator(one)} has decided to ${endOf(one)} it`
    if (missing.length === 0) {
      const rule = `the coordinator completes it when every marker is acknowledged and that is replicated in __transaction_state`
      return this.wait(one, state, 'its completion', rule, this.noCoordinator(one))
    }
    const names = listed(missing.map((tp) => this.partition(tp)))
    const markers = `the ${missing.length === 1 ? 'marker' : 'markers'} in ${names}`
    const excuse = missing.map((tp) => this.excuseOf(tp)).find((why) => why !== null) ?? this.noCoordinator(one)
    return this.wait(one, `${state}: ${names} lacks its marker`, markers, this.ruleOfMarkers(one, missing), excuse)
  }

  private ruleOfMarkers(one: CoordinatedTransaction, missing: readonly number[]): string {
    const stuck = missing.flatMap((tp) => {
      const wait = this.partitions.get(this.shadow.partitions.indexOf(tp))
      return wait === undefined ? [] : `${this.partition(tp)} ${wait.state}: ${wait.rule}`
    })
    const sends = `${this.coordinator(one)} sends WriteTxnMarkers to the leader until it is acknowledged`
    return [sends, ...stuck].join('; ')
  }

  private excuseOf(tp: number): string | null {
    const { partitions } = this.shadow
    const partition = partitions.indexOf(tp)
    if (partition >= 0) return this.partitions.get(partition)?.excuse ?? null
    const { consumption } = this
    return consumption?.offsetsTopic.includes(tp) === true ? noOffsetsLeader(consumption, partitionOf(tp)) : null
  }

  private noCoordinator({ text }: CoordinatedTransaction): string | null {
    const owner = this.coordinated.ownerOf(text)
    return owner === null ? null : this.noCoordinatorOf(owner)
  }

  private noCoordinatorOf(life: Life): string | null {
    return noCoordinatorOf(this.shadow, this.coordinated, life, -1, this.seed)
  }

  private wait(
    { sinceUs, text }: CoordinatedTransaction,
    state: string,
    waitsFor: string,
    rule: string,
    excuse: string | null,
  ): TransactionWait {
    return { who: this.ofOwner(text), state, waitsFor, sinceUs, rule, excuse }
  }

  private name({ text, producerId, producerEpoch }: CoordinatedTransaction): string {
    return `${this.ofOwner(text)} (producer id ${producerId}, epoch ${producerEpoch})`
  }

  private ofOwner(text: number): string {
    const owner = this.coordinated.ownerOf(text)
    return owner === null ? 'a transaction' : `the transaction of ${this.shadow.names.node(owner.node)}`
  }

  private coordinator({ coordinator }: CoordinatedTransaction): string {
    return this.shadow.names.node(coordinator)
  }

  private partition(tp: number): string {
    const { partitions } = this.shadow
    return partitions.names[partitions.indexOf(tp)] ?? `__consumer_offsets-${partitionOf(tp)}`
  }
}

function endOf({ end }: CoordinatedTransaction): string {
  return end === End.commit ? 'commit' : 'abort'
}
