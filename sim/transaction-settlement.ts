import { tpOf } from './history/ids.ts'
import type { Broker } from './kafka/broker/broker.ts'
import { TRANSACTIONS_TOPIC } from './kafka/broker/metadata-cache.ts'
import type { ControllerView } from './kafka/controller/view.ts'
import type { TransactionMetadata } from './kafka/transaction/transaction-metadata.ts'

/** What is asked of the world. */
export interface SettlementWorld {
  readonly view: ControllerView
  broker(node: number): Broker | null
  /** Where the leader's log ends; -1 = nobody leads. */
  endOffset(tp: number): number
  /** Why a partition is not at rest; null = it is. */
  unsettled(tp: number): string | null
}

/**
 * What transactions still wait for, in words; null = nothing. One that is open is not at rest: if its producer is gone, time
 * will abort it.
 */
export function unsettledTransactions(world: SettlementWorld): string | null {
  const topic = world.view.topicNamed(TRANSACTIONS_TOPIC)
  if (topic === null) return null
  for (let index = 0; index < topic.partitions; index++) {
    const tp = tpOf(topic.topicId, index)
    // Nothing was ever written to most of them.
    if (world.endOffset(tp) === 0) continue
    const why = unsettledIn(tp, world)
    if (why !== null) return why
    const partition = world.unsettled(tp)
    if (partition !== null) return `${TRANSACTIONS_TOPIC}-${index} ${partition}`
  }
  return null
}

/** By the account of who coordinates the ids of a partition. */
function unsettledIn(tp: number, world: SettlementWorld): string | null {
  const hold = world.broker(world.view.leaderOf(tp))?.transactions.states.partition(tp)
  if (hold === undefined || hold.loading) return null
  for (const metadata of hold.ids.values()) {
    const what = waitOf(metadata)
    if (what !== null) return `the transaction of ${metadata.transactionalId} ${what}`
  }
  return null
}

function waitOf({ state, pendingState, partitions }: TransactionMetadata): string | null {
  switch (state) {
    case 'Ongoing':
      return 'is open'
    case 'PrepareCommit':
    case 'PrepareAbort':
      return `waits for ${partitions.length} markers`
    case 'Empty':
    case 'CompleteCommit':
    case 'CompleteAbort':
      return pendingState === null ? null : 'is being written'
  }
}
