import { partitionOf, topicIdOf, tpOf } from '../../history/ids.ts'
import { ms } from '../../kernel/time.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOwner,
} from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { Errors } from '../protocol/errors.ts'
import type { FetchPartition, FetchPartitionResponse, FetchRequest, FetchResponse } from '../protocol/messages.ts'
import { serverClientOptions } from './controller-channel.ts'
import type { Partition } from './partition.ts'
import { BrokerTimer, FETCHER_CLIENT_TIMERS } from './timers.ts'

/** Where a follower stands with one partition (`PartitionFetchState`). */
interface FetchState {
  readonly partition: Partition
  /** Leader epoch the fetcher was started under; carried by every fetch (KIP-320). */
  leaderEpoch: number
  /** Not fetched before this time. */
  delayedUntil: number
  /** The leader said our epoch is fenced: parked until new metadata arrives. */
  failed: boolean
}

interface Fetcher {
  readonly leader: number
  /** In the order in which they were added. */
  readonly states: FetchState[]
  /** Partitions of internal topics that are empty here: one list for many fetches, replaced when it changes. */
  idle: readonly FetchPartition[]
  /** The idle ones are not fetched before this time. */
  idleUntil: number
  /** A response is being applied, which a slow disk makes last: the thread fetches nothing meanwhile. */
  applying: boolean
}

/** A fetch and what the leader answered. Partitions stand in the same order in both. */
export interface AnsweredFetch {
  readonly leader: number
  readonly request: FetchRequest
  readonly response: FetchResponse
}

/** Lets the broker decide when a response may be applied: a slow disk takes its time. */
export interface FetchResponseGate {
  /** Applies the response now or later by calling {@link ReplicaFetcherManager.apply}. */
  onFetchResponse(fetch: AnsweredFetch): void
  readonly brokerEpoch: number
}

/** Wakes a replica that was idle, as what was fetched for it turns out not to be nothing. */
export interface IdleReplicaWaker {
  wake(tp: number): Partition | null
}

const NO_PARTITIONS: readonly FetchPartition[] = []

/** `ReplicaFetcherManager` and its `ReplicaFetcherThread`s: one fetch in flight per leader this broker follows. */
export class ReplicaFetcherManager implements NetworkClientOwner {
  readonly client: NetworkClient
  /** Set by the replica manager. */
  waker: IdleReplicaWaker | null = null
  private readonly env: Env
  private readonly broker: number
  private readonly backoffUs: number
  private readonly maxWaitMs: number
  private readonly minBytes: number
  private readonly partitionMaxBytes: number
  private readonly gate: FetchResponseGate
  /** By leader's node number. */
  private readonly fetchers: (Fetcher | undefined)[] = []

  constructor(env: Env, broker: number, config: BrokerConfig, gate: FetchResponseGate) {
    this.env = env
    this.broker = broker
    this.backoffUs = ms(config['replica.fetch.backoff.ms'])
    this.maxWaitMs = config['replica.fetch.wait.max.ms']
    this.minBytes = config['replica.fetch.min.bytes']
    this.partitionMaxBytes = config['replica.fetch.max.bytes']
    this.gate = gate
    this.client = new NetworkClient(
      env,
      serverClientOptions(FETCHER_CLIENT_TIMERS, ms(config['replica.socket.timeout.ms'])),
      this,
    )
  }

  /** Starts to fetch a partition from its leader, from the log end on. */
  add(partition: Partition): void {
    this.remove(partition.tp)
    const leader = partition.leaderId
    if (leader < 0) return
    this.fetcher(leader).states.push(fetchStateOf(partition))
    this.fetch(leader)
  }

  /** Starts to fetch an internal partition of which nothing is here yet. */
  addIdle(tp: number, leader: number, leaderEpoch: number): void {
    this.remove(tp)
    if (leader < 0) return
    const fetcher = this.fetcher(leader)
    const partition: FetchPartition = {
      topicId: topicIdOf(tp),
      partition: partitionOf(tp),
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: 0,
      lastFetchedEpoch: -1,
      logStartOffset: 0,
      partitionMaxBytes: this.partitionMaxBytes,
    }
    fetcher.idle = [...fetcher.idle, partition]
    this.fetch(leader)
  }

  private fetcher(leader: number): Fetcher {
    while (this.fetchers.length <= leader) this.fetchers.push(undefined)
    return (this.fetchers[leader] ??= { leader, states: [], idle: NO_PARTITIONS, idleUntil: 0, applying: false })
  }

  remove(tp: number): void {
    for (const fetcher of this.fetchers) {
      const at = fetcher === undefined ? -1 : indexOf(fetcher.states, tp, 0)
      if (at >= 0) fetcher?.states.splice(at, 1)
      if (fetcher !== undefined && fetcher.idle.length > 0) forgetIdle(fetcher, tp)
    }
  }

  onReady(destination: number): void {
    this.fetch(destination)
  }

  onConnectionFailed(leader: number): void {
    // `AbstractFetcherThread.processFetchRequest`: after an error all partitions of the fetch wait.
    const fetcher = this.fetchers[leader]
    if (fetcher === undefined) return
    for (const state of fetcher.states) this.delay(state)
    if (fetcher.idle.length === 0) return
    fetcher.idleUntil = this.env.monotonic() + this.backoffUs
    this.env.setTimer(BrokerTimer.FetchBackoff, this.backoffUs, leader)
  }

  onBackoffOver(destination: number): void {
    this.fetch(destination)
  }

  onCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    const leader = request.destination
    const fetcher = this.fetchers[leader]
    if (cause !== 'response' || body === null || fetcher === undefined) return
    fetcher.applying = true
    this.gate.onFetchResponse({ leader, request: request.body as FetchRequest, response: body as FetchResponse })
  }

  /** A back-off timer: `a` is the leader. */
  onTimer(leader: number): void {
    this.fetch(leader)
  }

  /** Applies a response and fetches on. */
  apply(fetch: AnsweredFetch): void {
    const { leader, request, response } = fetch
    const fetcher = this.fetchers[leader]
    if (fetcher === undefined) return
    fetcher.applying = false
    const { states } = fetcher
    const { responses } = response
    let at = -1
    const named = request.partitions.length
    for (let i = 0; i < responses.length && i < named; i++) {
      const data = responses[i] as FetchPartitionResponse
      // Partitions were asked for in the order of the states, so the next one is nearly always the next state.
      at = indexOf(states, tpOf(data.topicId, data.partitionIndex), at + 1)
      if (at < 0) continue
      const state = states[at] as FetchState
      if (isCurrent(state, request.partitions[i])) this.applyPartition(state, data)
    }
    for (let i = named; i < responses.length; i++) {
      this.applyIdle(fetcher, request, responses[i] as FetchPartitionResponse)
    }
    this.fetch(leader)
  }

  /** The leader has something to say of a partition that was named as idle: from now on it is like any other. */
  private applyIdle(fetcher: Fetcher, request: FetchRequest, data: FetchPartitionResponse): void {
    const tp = tpOf(data.topicId, data.partitionIndex)
    const wanted = request.idle?.find((item) => tpOf(item.topicId, item.partition) === tp)
    if (wanted === undefined || !fetcher.idle.includes(wanted)) return
    const partition = this.waker?.wake(tp) ?? null
    if (partition === null) return
    forgetIdle(fetcher, tp)
    const state = fetchStateOf(partition)
    fetcher.states.push(state)
    this.applyPartition(state, data)
  }

  private applyPartition(state: FetchState, data: FetchPartitionResponse): void {
    const { log } = state.partition
    switch (data.errorCode) {
      case Errors.NONE:
        if (data.divergingEpoch !== null) this.truncate(state, data.divergingEpoch.epoch, data.divergingEpoch.endOffset)
        else this.append(state, data)
        break
      case Errors.OFFSET_OUT_OF_RANGE:
        // `fetchOffsetAndTruncate`: the answer's bounds are those the leader had when it refused.
        if (data.highWatermark >= 0 && data.logStartOffset > log.logEndOffset)
          log.truncateFullyAndStartAt(data.logStartOffset)
        this.delay(state)
        break
      case Errors.FENCED_LEADER_EPOCH:
        state.failed = state.leaderEpoch === state.partition.leaderEpoch
        break
      default:
        this.delay(state)
    }
  }

  private append(state: FetchState, data: FetchPartitionResponse): void {
    const { log } = state.partition
    if (data.records.length > 0) log.appendAsFollower(data.records, state.leaderEpoch)
    const highWatermark = Math.min(data.highWatermark, log.logEndOffset)
    if (highWatermark !== log.highWatermark && highWatermark >= 0) {
      log.setHighWatermark(highWatermark, state.leaderEpoch, false)
    }
  }

  /** 1.7: our log parts from the leader's: cut to what both can agree on, and ask again. */
  private truncate(state: FetchState, epoch: number, endOffset: number): void {
    const { log } = state.partition
    const own = log.endOffsetForEpoch(epoch)
    const target =
      own.epoch < 0
        ? Math.min(endOffset, log.logEndOffset)
        : own.epoch === epoch
          ? Math.min(endOffset, own.endOffset, log.logEndOffset)
          : Math.min(own.endOffset, log.logEndOffset)
    log.truncateTo(target)
  }

  private delay(state: FetchState): void {
    state.delayedUntil = this.env.monotonic() + this.backoffUs
    this.env.setTimer(BrokerTimer.FetchBackoff, this.backoffUs, state.partition.leaderId)
  }

  /** Sends the next fetch for all partitions that may be fetched; none in flight at the same time. */
  private fetch(leader: number): void {
    const fetcher = this.fetchers[leader]
    if (fetcher === undefined || (fetcher.states.length === 0 && fetcher.idle.length === 0)) return
    if (fetcher.applying || this.client.inFlight(leader) > 0) return
    const partitions = this.fetchPartitions(fetcher.states)
    // Partitions in back-off are no reason to connect (`AbstractFetcherThread.doWork`).
    const idle = fetcher.idle.length > 0 && fetcher.idleUntil <= this.env.monotonic() ? fetcher.idle : NO_PARTITIONS
    if ((partitions.length === 0 && idle.length === 0) || !this.client.ready(leader)) return
    const body: FetchRequest = {
      replicaId: this.broker,
      replicaEpoch: this.gate.brokerEpoch,
      maxWaitMs: this.maxWaitMs,
      minBytes: this.minBytes,
      maxBytes: 10_485_760,
      partitions,
      idle,
    }
    this.client.send(leader, Api.Fetch, body, 0)
  }

  private fetchPartitions(states: readonly FetchState[]): readonly FetchPartition[] {
    const now = this.env.monotonic()
    let count = 0
    for (const state of states) if (mayFetch(state, now)) count++
    const partitions = new Array<FetchPartition>(count)
    let at = 0
    for (const state of states) if (mayFetch(state, now)) partitions[at++] = this.fetchPartition(state)
    return partitions
  }

  private fetchPartition(state: FetchState): FetchPartition {
    const { tp, log } = state.partition
    return {
      topicId: topicIdOf(tp),
      partition: partitionOf(tp),
      currentLeaderEpoch: state.leaderEpoch,
      fetchOffset: log.logEndOffset,
      lastFetchedEpoch: log.latestEpoch,
      logStartOffset: log.logStartOffset,
      partitionMaxBytes: this.partitionMaxBytes,
    }
  }
}

function fetchStateOf(partition: Partition): FetchState {
  return { partition, leaderEpoch: partition.leaderEpoch, delayedUntil: 0, failed: false }
}

function forgetIdle(fetcher: Fetcher, tp: number): void {
  const isOther = (item: FetchPartition): boolean => tpOf(item.topicId, item.partition) !== tp
  if (!fetcher.idle.every(isOther)) fetcher.idle = fetcher.idle.filter(isOther)
}

/**
 * Whether an answer still speaks of the partition as it is: it may have got another leader epoch or been cut while the fetch
 * was under way, and then another leadership's words must not be taken for this one's (KAFKA-18723).
 */
function isCurrent(state: FetchState, wanted: FetchPartition | undefined): boolean {
  return (
    wanted !== undefined &&
    wanted.currentLeaderEpoch === state.leaderEpoch &&
    wanted.fetchOffset === state.partition.log.logEndOffset
  )
}

function mayFetch(state: FetchState, now: number): boolean {
  return !state.failed && state.delayedUntil <= now
}

/** Where the state of a partition stands, looking from `likely` on and then before it; -1 = nowhere. */
function indexOf(states: readonly FetchState[], tp: number, likely: number): number {
  for (let at = likely; at < states.length; at++) if ((states[at] as FetchState).partition.tp === tp) return at
  for (let at = 0; at < likely && at < states.length; at++) {
    if ((states[at] as FetchState).partition.tp === tp) return at
  }
  return -1
}
