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
import type { ListOffsetsResponse, OffsetForLeaderEpochResponse } from '../protocol/group-messages.ts'
import type { FetchPartition, FetchPartitionResponse, FetchRequest, FetchResponse } from '../protocol/messages.ts'
import type { LogTruncation } from '../protocol/profile.ts'
import { serverClientOptions } from './controller-channel.ts'
import { type FetchState, fetchStateOf, indexOf, isCurrent, mayFetch, namedBy } from './fetch-state.ts'
import { onBounds, onEpochEnds, questionOf, type QuestionHost } from './leader-questions.ts'
import type { Partition } from './partition.ts'
import { BrokerTimer, FETCHER_CLIENT_TIMERS } from './timers.ts'
import { truncateToLeader } from './truncation.ts'

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
export class ReplicaFetcherManager implements NetworkClientOwner, QuestionHost {
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
  private readonly truncation: LogTruncation
  /** By leader's node number. */
  private readonly fetchers: (Fetcher | undefined)[] = []

  constructor(env: Env, broker: number, config: BrokerConfig, truncation: LogTruncation, gate: FetchResponseGate) {
    this.env = env
    this.broker = broker
    this.backoffUs = ms(config['replica.fetch.backoff.ms'])
    this.maxWaitMs = config['replica.fetch.wait.max.ms']
    this.minBytes = config['replica.fetch.min.bytes']
    this.partitionMaxBytes = config['replica.fetch.max.bytes']
    this.truncation = truncation
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
    this.fetcher(leader).states.push(fetchStateOf(partition, this.truncation))
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
      currentLeaderEpoch: this.truncation === 'on-fetch' ? leaderEpoch : -1,
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
    if (request.api === Api.ListOffsets) onBounds(fetcher.states, body as ListOffsetsResponse, this)
    else if (request.api === Api.OffsetForLeaderEpoch)
      onEpochEnds(fetcher.states, body as OffsetForLeaderEpochResponse, this.truncation, this)
    else {
      fetcher.applying = true
      this.gate.onFetchResponse({ leader, request: request.body as FetchRequest, response: body as FetchResponse })
      return
    }
    this.fetch(leader)
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
    const state = fetchStateOf(partition, this.truncation)
    fetcher.states.push(state)
    this.applyPartition(state, data)
  }

  private applyPartition(state: FetchState, data: FetchPartitionResponse): void {
    const { log } = state.partition
    switch (data.errorCode) {
      case Errors.NONE:
        // Our log parts from the leader's: cut to what both can agree on. The next fetch tells whether that was enough.
        if (data.divergingEpoch !== null) truncateToLeader(log, data.divergingEpoch, this.truncation)
        else this.append(state, data)
        break
      case Errors.OFFSET_OUT_OF_RANGE:
        state.question = 'bounds'
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
    const { records } = data
    const appended = records.length === 0 ? 0 : log.appendAsFollower(records, this.newestEpoch(state))
    // What does not begin at the log's end cannot be appended (`UnexpectedAppendOffsetException`).
    if (appended === -1) return this.delay(state)
    // `markPartitionFailed`
    if (appended < 0) {
      state.failed = true
      return
    }
    const highWatermark = Math.min(data.highWatermark, log.logEndOffset)
    if (highWatermark !== log.highWatermark && highWatermark >= 0) {
      log.setHighWatermark(highWatermark, state.leaderEpoch, false)
    }
    if (data.logStartOffset > log.logStartOffset) log.incrementLogStartOffset(data.logStartOffset)
  }

  /** Batches of a later leadership than this are not taken; before KIP-320 all were. */
  private newestEpoch(state: FetchState): number {
    return state.toldEpoch < 0 ? Number.MAX_SAFE_INTEGER : state.leaderEpoch
  }

  delay(state: FetchState): void {
    state.delayedUntil = this.env.monotonic() + this.backoffUs
    this.env.setTimer(BrokerTimer.FetchBackoff, this.backoffUs, state.partition.leaderId)
  }

  /** Sends the next fetch for all partitions that may be fetched; none in flight at the same time. */
  private fetch(leader: number): void {
    const fetcher = this.fetchers[leader]
    if (fetcher === undefined || (fetcher.states.length === 0 && fetcher.idle.length === 0)) return
    if (fetcher.applying || this.client.inFlight(leader) > 0) return
    if (this.ask(leader, fetcher)) return
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

  /** Sends what must be known before the next fetch; false when that is nothing. */
  private ask(leader: number, { states }: Fetcher): boolean {
    if (!hasQuestion(states)) return false
    const question = questionOf(states, this.broker, this.env.monotonic())
    if (question === null) return false
    if (this.client.ready(leader)) this.client.send(leader, question.api, question.body, 0)
    return true
  }

  private fetchPartitions(states: readonly FetchState[]): readonly FetchPartition[] {
    const now = this.env.monotonic()
    let count = 0
    for (const state of states) if (mayFetch(state, now)) count++
    const partitions = new Array<FetchPartition>(count)
    let at = 0
    for (const state of states) if (mayFetch(state, now)) partitions[at++] = namedBy(state, this.partitionMaxBytes)
    return partitions
  }
}

function forgetIdle(fetcher: Fetcher, tp: number): void {
  const isOther = (item: FetchPartition): boolean => tpOf(item.topicId, item.partition) !== tp
  if (!fetcher.idle.every(isOther)) fetcher.idle = fetcher.idle.filter(isOther)
}

function hasQuestion(states: readonly FetchState[]): boolean {
  for (const state of states) if (state.question !== 'none') return true
  return false
}
