import type { Stream } from '../../kernel/stream.ts'
import type { StreamMatch, Target } from '../plan.ts'
import { only, pickWeighted, range } from './pick.ts'
import type { Topology } from './topology.ts'
import { somePartition, storeApi } from './triggers.ts'
import { BROKERS, CLIENTS, CONTROLLERS, leaderOf, STORES } from './victims.ts'
import { WEIGHTS } from './weights.ts'

const OF_TRANSACTIONS: readonly (keyof typeof WEIGHTS.message)[] = [
  'endTxn',
  'endTxnReply',
  'writeTxnMarkers',
  'addPartitionsToTxn',
  'initProducerId',
]

/** Messages to hold or to lose. Null when nobody writes anything. */
export function drawMessages(topology: Topology, stream: Stream): StreamMatch | null {
  const at = somePartition(topology, stream)
  if (at === null) return null
  const leader = leaderOf(at)
  const count = drawCount(stream)
  const rest = {
    nth: 1 + stream.below(stream.chance(1, 2) ? 3 : 20),
    count,
    connection: stream.chance(1, 4) ? 'same' : 'any',
  } as const
  const messages = only(WEIGHTS.message, (name) => {
    if (name === 'consumerFetchReply') return topology.readers.length > 0
    if (name === 'offsetCommit' || name === 'offsetCommitReply' || name === 'membership')
      return topology.memberSessionUs > 0
    if (name === 'txnOffsetCommit') return topology.offsetsInTransactions
    if (OF_TRANSACTIONS.includes(name)) return topology.transactional.length > 0
    return (name !== 'storeRequest' && name !== 'storeReply') || topology.storeClients.length > 0
  })
  switch (pickWeighted(stream, messages)) {
    case 'produce':
      return { from: CLIENTS, to: leader, api: 'Produce', reply: false, ...rest }
    case 'produceReply':
      return { from: leader, to: CLIENTS, api: 'Produce', reply: true, ...rest }
    case 'fetch':
      return { from: BROKERS, to: leader, api: 'Fetch', reply: false, ...rest }
    case 'fetchReply':
      return { from: leader, to: BROKERS, api: 'Fetch', reply: true, ...rest }
    case 'alterPartition':
      return { api: 'AlterPartition', ...oneWay(stream, BROKERS, CONTROLLERS), ...rest }
    case 'heartbeat':
      return { api: 'BrokerHeartbeat', ...oneWay(stream, leader, CONTROLLERS), ...rest }
    case 'metadata':
      return { api: 'Metadata', ...oneWay(stream, CLIENTS, BROKERS), ...rest }
    case 'any':
      return { from: leader, to: null, api: null, reply: stream.chance(1, 2), ...rest }
    case 'consumerFetchReply':
      return { from: leader, to: CLIENTS, api: 'Fetch', reply: true, ...rest }
    case 'offsetCommit':
      return { from: CLIENTS, to: BROKERS, api: 'OffsetCommit', reply: false, ...rest }
    case 'offsetCommitReply':
      return { from: BROKERS, to: CLIENTS, api: 'OffsetCommit', reply: true, ...rest }
    case 'membership': {
      const api = stream.pick(topology.membershipApis)
      return { api, ...oneWay(stream, CLIENTS, BROKERS), ...rest }
    }
    case 'storeRequest':
      return { from: CLIENTS, to: STORES, api: storeApi(topology, stream), reply: false, ...rest }
    case 'storeReply':
      return { from: STORES, to: CLIENTS, api: storeApi(topology, stream), reply: true, ...rest }
    case 'endTxn':
      return { from: CLIENTS, to: BROKERS, api: 'EndTxn', reply: false, ...rest }
    case 'endTxnReply':
      return { from: BROKERS, to: CLIENTS, api: 'EndTxn', reply: true, ...rest }
    case 'writeTxnMarkers':
      return { api: 'WriteTxnMarkers', ...oneWay(stream, BROKERS, leader), ...rest }
    case 'addPartitionsToTxn':
      // By clients, and by leaders that let the coordinator verify what they are sent (KIP-890).
      return { api: 'AddPartitionsToTxn', ...oneWay(stream, stream.pick([CLIENTS, leader]), BROKERS), ...rest }
    case 'initProducerId':
      return { api: 'InitProducerId', ...oneWay(stream, CLIENTS, BROKERS), ...rest }
    case 'txnOffsetCommit':
      return { api: 'TxnOffsetCommit', ...oneWay(stream, CLIENTS, BROKERS), ...rest }
  }
}

/** Either the request or, the other way round, its answer. */
function oneWay(stream: Stream, from: Target, to: Target): Pick<StreamMatch, 'from' | 'to' | 'reply'> {
  return stream.chance(1, 2) ? { from, to, reply: false } : { from: to, to: from, reply: true }
}

function drawCount(stream: Stream): number | null {
  switch (pickWeighted(stream, WEIGHTS.messageCount)) {
    case 'one':
      return 1
    case 'few':
      return range(stream, 2, 5)
    case 'all':
      return null
  }
}
