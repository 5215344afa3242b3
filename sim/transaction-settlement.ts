import { tpOf } from './history/ids.ts'
import type { Broker } from './kafka/broker/broker.ts'
import { TRANSACTIONS_TOPIC } from './kafka/broker/metadata-cache.ts'
import type { ControllerView } from './kafka/controller/view.ts'
import type { TransactionMetadata } from './kafka/transaction/transaction-metadata.ts'
import type { Waiting } from './waiting.ts'

/** What is asked of the world. */
export interface SettlementWorld {
  readonly view: ControllerView
  broker(node: number): Broker | null
  /** Where the leader's log ends; -1 = nobody leads. */
  endOffset(tp: number): number
  /** What the replicas of a partition wait for; null = they are at rest. */
  unsettled(tp: number): Waiting | null
}

/**
 * What transactions still wait for. One that is open is not at rest: if its producer is gone, time will abort it. At most one
 * wait of each partition of the transactions' topic.
 */
export function unsettledTransactions(world: SettlementWorld): readonly Waiting[] {
  const topic = world.view.topicNamed(TRANSACTIONS_TOPIC)
  if (topic === null) return []
  const waiting: Waiting[] = []
  for (let index = 0; index < topic.partitions; index++) {
    const tp = tpOf(topic.topicId, index)
    // Nothing was ever written to most of them.
    if (world.endOffset(tp) === 0) continue
    const why = unsettledIn(tp, world) ?? world.unsettled(tp)
    if (why !== null) waiting.push(why)
  }
  return waiting
}

/** By the account of who coordinates the ids of a partition. */
function unsettledIn(tp: number, world: SettlementWorld): Waiting | null {
  const leader = world.view.leaderOf(tp)
  const hold = world.broker(leader)?.transactions.states.partition(tp)
  if (hold === undefined || hold.loading) return null
  for (const metadata of hold.ids.values()) {
    const waitsFor = waitOf(metadata)
    const who = `the transaction of ${metadata.transactionalId}`
    if (waitsFor !== null) return { kind: 'transaction', who, waitsFor, because: null, tp, node: leader }
  }
  return null
}

function waitOf({ state, pendingState, partitions }: TransactionMetadata): string | null {
  switch (state) {
    case 'Ongoing':
      return 'its end: it is open'
    case 'PrepareCommit':
    case 'PrepareAbort':
      return `${partitions.length} markers`
    case 'Empty':
    case 'CompleteCommit':
    case 'CompleteAbort':
      return pendingState === null ? null : 'its state to be written'
  }
}
