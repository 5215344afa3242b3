import { M } from '../../history/catalogue.ts'
import { CHOICE } from '../../kernel/site.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Disk } from '../../storage/disk.ts'
import { DiskQueue } from '../../storage/disk-queue.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOwner,
} from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { LeaderIdAndEpoch } from '../protocol/messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type {
  QuorumEpochResponse,
  QuorumFetchRequest,
  QuorumFetchResponse,
  VoteRequest,
  VoteResponse,
} from '../protocol/quorum-messages.ts'
import type { EpochElection } from './epoch-election.ts'
import { LeaderState } from './leader-state.ts'
import { QuorumLog } from './quorum-log.ts'
import { QuorumRequests } from './quorum-requests.ts'
import { QuorumState } from './quorum-state.ts'
import type { VoterOptions } from './voter-options.ts'

/** Kinds of a voter's timers; its client takes the kinds from {@link VOTER_CLIENT_TIMERS} on. */
export const VOTER_POLL = 8
const VOTER_CLIENT_TIMERS = 16

/** `KafkaRaftClient.MAX_FETCH_WAIT_MS` */
const MAX_FETCH_WAIT_MS = 500
/** controller.quorum.retry.backoff.ms */
const RETRY_BACKOFF: number = 20 * MILLISECOND

/** Who runs on the metadata log. */
export interface VoterListener {
  /** The log is committed up to {@link QuorumVoter.highWatermark}. */
  onCommitted(): void
  /** The voter leads no more; what it appended and is not committed may never be. */
  onLeadershipLost(): void
  /** The process cannot go on. */
  onFatal(message: string): void
}

/**
 * One voter of the metadata quorum (`KafkaRaftClient`, KIP-595, KIP-996): elections by majority, replication by fetches. Every
 * call from outside is one turn: what arrived is taken in, then what is due is done.
 */
export class QuorumVoter implements NetworkClientOwner {
  readonly log: QuorumLog
  readonly state: QuorumState
  /** Up to here the log is known to be committed; never moves back. */
  highWatermark = 0
  readonly options: VoterOptions
  private readonly env: Env
  private readonly client: NetworkClient
  private readonly disk: DiskQueue
  private readonly listener: VoterListener
  private readonly requests: QuorumRequests
  private readonly flushing: { count: number } = { count: 0 }
  /** No request to a voter before this time, after one that was refused. */
  private readonly allowedAt: Map<number, number> = new Map()
  /** Voters that the leader has still to tell of its epoch, and when it looks for more of them. */
  private strangers: Set<number> = new Set()
  private lookAt = 0
  private timer: TimerHandle = 0
  /** Epoch it led when the listener last heard; -1 = it did not. */
  private toldEpoch = -1

  constructor(env: Env, options: VoterOptions, disk: Disk, listener: VoterListener) {
    const { self, voters, times } = options
    this.env = env
    this.options = options
    this.listener = listener
    this.log = new QuorumLog(disk)
    this.state = new QuorumState(disk, self, voters)
    this.disk = new DiskQueue(env.kernel, env.node, disk)
    this.client = new NetworkClient(env, voterClientOptions(times.requestTimeout), this)
    this.requests = new QuorumRequests(env, this)
  }

  // --- life -----------------------------------------------------------------------------------------------------------

  start(): void {
    const { state, log } = this
    state.load(log.lastEpoch, this.electionDeadline(), this.fetchDeadline())
    if (this.options.formed) {
      this.highWatermark = log.endOffset
      if (state.leaderId === state.self) this.standAsLeader()
    }
    this.turn()
  }

  get isLeader(): boolean {
    return this.state.state.role === 'leader'
  }

  /** Offset at which the epoch begins that this voter leads; -1 = it does not lead. */
  get epochStartOffset(): number {
    const { state } = this.state
    return state.role === 'leader' ? state.leader.epochStartOffset : -1
  }

  /** Whom it takes for the leader, and in which epoch. */
  get currentLeader(): LeaderIdAndEpoch {
    return { leaderId: this.state.leaderId, leaderEpoch: this.state.epoch }
  }

  /** Appends records of the leader's epoch; returns the offset of the first. They are committed when a majority has them. */
  append(records: readonly MetadataRecord[]): number {
    const base = this.log.append(this.state.epoch, records, this.options.author)
    this.flush()
    return base
  }

  /** Gives its leadership up and tells the others, so that they need not wait to notice. */
  resign(): void {
    const { state } = this
    if (state.state.role !== 'leader') return
    const { leader } = state.state
    this.env.emit(M.quorumResigned, state.epoch)
    state.toResigned(this.electionDeadline(), leader.byFetchOffset())
  }

  /** Whether every other voter knows that this one resigned. */
  get isResignationKnown(): boolean {
    const { state } = this.state
    return state.role !== 'resigned' || state.unacknowledged.size === 0
  }

  // --- events ---------------------------------------------------------------------------------------------------------

  /** Vote, BeginQuorumEpoch and EndQuorumEpoch. */
  onRequest(request: Envelope): void {
    this.env.reply(request, this.requests.answer(request))
    this.turn()
  }

  /** A fetch has arrived: it may move the high watermark. The answer is {@link QuorumRequests.answerOf}. */
  onFetch(fetch: QuorumFetchRequest): void {
    this.requests.onFetch(fetch)
    this.turn()
  }

  get fetched(): QuorumRequests {
    return this.requests
  }

  onMessage(reply: Envelope): void {
    this.client.onMessage(reply)
    this.turn()
  }

  onSignal(kind: number, connection: number, peer: number): void {
    this.client.onSignal(kind, connection, peer)
    this.turn()
  }

  /** Takes the voter's timers; false when the timer is none of them. */
  onTimer(kind: number, a: number, b: number): boolean {
    if (kind === VOTER_POLL) this.timer = 0
    else if (!this.client.onTimer(kind, a, b)) return false
    this.turn()
    return true
  }

  onDisk(): void {
    this.disk.completed()
    this.flushing.count--
    this.flushed()
    this.turn()
  }

  onReady(): void {
    // The turn that brought the news sends what is due.
  }

  onConnectionFailed(): void {
    // The next attempt follows when the back-off is over.
  }

  onBackoffOver(): void {
    // The turn connects anew when there is something to send.
  }

  // --- answers --------------------------------------------------------------------------------------------------------

  onCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    if (cause !== 'response' || body === null) return
    const node = request.destination
    const response = body as QuorumEpochResponse
    const { errorCode, currentLeader } = response
    const { state } = this
    if (errorCode !== Errors.NONE) this.allowedAt.set(node, this.env.monotonic() + RETRY_BACKOFF)
    if (currentLeader.leaderEpoch < state.epoch) return
    this.maybeTransition(currentLeader.leaderId, currentLeader.leaderEpoch)
    if (errorCode !== Errors.NONE || currentLeader.leaderEpoch !== state.epoch) return
    if (request.api === Api.Vote) this.onVote(node, request.body as VoteRequest, body as VoteResponse)
    else if (request.api === Api.Fetch) this.onFetched(request.body as QuorumFetchRequest, body as QuorumFetchResponse)
    else if (state.state.role === 'leader') {
      this.strangers.delete(node)
      state.state.leader.onAcknowledged(node)
    } else if (state.state.role === 'resigned') state.state.unacknowledged.delete(node)
  }

  private onVote(node: number, asked: VoteRequest, { voteGranted }: VoteResponse): void {
    const { state } = this
    const current = state.state
    if (current.role !== (asked.preVote ? 'prospective' : 'candidate') || asked.replicaEpoch !== state.epoch) return
    current.election.record(node, voteGranted)
    if (current.election.isGranted) {
      if (current.role === 'candidate') this.lead()
      else state.toCandidate(this.electionDeadline())
    } else if (current.election.isRejected && current.role === 'prospective') {
      this.endProspect(this.electionDeadline())
    }
  }

  /** A pre-vote was lost: back to the leader, if one is known, or to waiting. */
  private endProspect(deadline: number): void {
    const { state } = this
    if (state.leaderId >= 0 && state.leaderId !== state.self) {
      state.toFollower(state.epoch, state.leaderId, this.fetchDeadline())
    } else state.toUnattached(state.epoch, deadline)
  }

  private onFetched(asked: QuorumFetchRequest, response: QuorumFetchResponse): void {
    const { state, log } = this
    if (state.state.role !== 'follower' || asked.fetchOffset !== log.endOffset) return
    state.state.hasFetched = true
    state.state.deadline = this.fetchDeadline()
    if (response.divergingEpoch !== null) {
      const offset = log.truncationOffset(response.divergingEpoch)
      if (offset < this.highWatermark) {
        // `KafkaRaftClient` takes it for a fatal fault: what is committed is never cut.
        this.listener.onFatal(`the leader asks to cut the metadata log at ${offset}, below what is committed`)
        return
      }
      this.env.emit(M.quorumTruncated, offset, log.endOffset)
      log.truncate(offset)
      return
    }
    if (response.entries.length > 0) {
      log.appendAll(response.entries)
      this.flush()
    }
    this.advance(Math.min(response.highWatermark, log.endOffset))
  }

  // --- transitions ----------------------------------------------------------------------------------------------------

  /** Somebody tells of an epoch, and perhaps of its leader (`maybeTransition`). */
  maybeTransition(leaderId: number, epoch: number): void {
    const { state } = this
    if (epoch > state.epoch) {
      if (leaderId >= 0) state.toFollower(epoch, leaderId, this.fetchDeadline())
      else this.detach(epoch)
    } else if (epoch === state.epoch && leaderId >= 0 && leaderId !== state.self && state.leaderId < 0) {
      state.toFollower(epoch, leaderId, this.fetchDeadline())
    }
  }

  /** A newer epoch without a leader. Who stood for election or waited keeps what is left of its patience. */
  detach(epoch: number): void {
    const { state } = this.state
    const keeps = state.role === 'unattached' || state.role === 'candidate' || state.role === 'prospective'
    this.state.toUnattached(epoch, keeps ? state.deadline : this.electionDeadline())
  }

  /** Won: the epoch begins with a record of its own, for only with one of them older records are committed. */
  private lead(): void {
    const { state } = this
    this.toLeader(this.log.endOffset)
    this.append([{ type: 'LeaderChangeMessage', leaderId: state.self }])
  }

  /** Leads a quorum that stands when the run begins: everything in its log is committed. */
  private standAsLeader(): void {
    this.toLeader(0).highWatermark = this.highWatermark
    this.env.emit(M.quorumCommitted, this.highWatermark, this.state.epoch, this.log.chainBefore(this.highWatermark))
    this.flushed()
  }

  private toLeader(epochStartOffset: number): LeaderState {
    const { state, env, options } = this
    const now = env.monotonic()
    const { fetchTimeout } = options.times
    const leader = new LeaderState(epochStartOffset, state.others, now, Math.floor(1.5 * fetchTimeout))
    state.toLeader(leader)
    this.strangers = new Set(state.others)
    this.lookAt = now + Math.floor(fetchTimeout / 2)
    env.emit(M.quorumElected, state.epoch, epochStartOffset)
    return leader
  }

  /** The log is committed up to an offset. */
  advance(offset: number): void {
    if (offset <= this.highWatermark) return
    this.highWatermark = offset
    if (this.isLeader) this.env.emit(M.quorumCommitted, offset, this.state.epoch, this.log.chainBefore(offset))
    this.listener.onCommitted()
  }

  /** What was appended counts once it is flushed. */
  private flush(): void {
    if (this.disk.admit(0, 0, 0, null)) this.flushed()
    else this.flushing.count++
  }

  private flushed(): void {
    const { log, state } = this
    log.flush()
    if (state.state.role === 'leader' && state.state.leader.onFlushed(log.flushedOffset)) {
      this.advance(state.state.leader.highWatermark)
    }
  }

  // --- what is due ----------------------------------------------------------------------------------------------------

  private turn(): void {
    this.tellListener()
    this.poll()
    this.tellListener()
    this.arm()
  }

  private tellListener(): void {
    const leads = this.isLeader ? this.state.epoch : -1
    if (leads === this.toldEpoch) return
    const led = this.toldEpoch
    this.toldEpoch = leads
    if (led >= 0) this.listener.onLeadershipLost()
  }

  /** Does what the voter's role asks for now (`pollCurrentState`). */
  private poll(): void {
    const { state } = this
    const current = state.state
    const now = this.env.monotonic()
    switch (current.role) {
      case 'unattached':
        if (now < current.deadline) return
        state.toProspective(this.electionDeadline())
        break
      case 'prospective':
        if (now < current.deadline) {
          this.askForVotes(current.election, true)
          return
        }
        this.endProspect(this.electionDeadline())
        break
      case 'candidate':
        if (now < current.deadline) {
          this.askForVotes(current.election, false)
          return
        }
        state.toProspective(this.electionDeadline())
        break
      case 'follower':
        if (now < current.deadline) {
          this.fetch(state.leaderId)
          return
        }
        state.toProspective(this.electionDeadline())
        break
      case 'leader':
        if (now < current.leader.checkQuorumAt) {
          this.tellStrangers(current.leader, now)
          return
        }
        this.resign()
        break
      case 'resigned':
        if (now < current.deadline) {
          const { preferredCandidates } = current
          const body = { leaderId: state.self, leaderEpoch: state.epoch, preferredCandidates }
          for (const node of current.unacknowledged) this.send(node, Api.EndQuorumEpoch, body)
          return
        }
        state.toUnattached(state.epoch + 1, this.electionDeadline())
        break
    }
    this.poll()
  }

  private askForVotes(election: EpochElection, preVote: boolean): void {
    if (election.isRejected) return
    const { log, state } = this
    const body: VoteRequest = {
      replicaId: state.self,
      replicaEpoch: state.epoch,
      lastOffsetEpoch: log.lastEpoch,
      lastOffset: log.endOffset,
      preVote,
    }
    for (const node of election.unrecorded) this.send(node, Api.Vote, body)
  }

  private tellStrangers(leader: LeaderState, now: number): void {
    const period = Math.floor(this.options.times.fetchTimeout / 2)
    if (now >= this.lookAt) {
      this.strangers = new Set(leader.strangers(now - period))
      this.lookAt = now + period
    }
    const body = { leaderId: this.state.self, leaderEpoch: this.state.epoch }
    for (const node of this.strangers) this.send(node, Api.BeginQuorumEpoch, body)
  }

  /** A follower asks for more once it has flushed what it has: its offset counts as its word for it. */
  private fetch(leaderId: number): void {
    if (this.flushing.count > 0) return
    const { log, state } = this
    const body: QuorumFetchRequest = {
      replicaId: state.self,
      maxWaitMs: MAX_FETCH_WAIT_MS,
      fetchOffset: log.endOffset,
      currentLeaderEpoch: state.epoch,
      lastFetchedEpoch: log.lastEpoch,
      highWatermark: this.highWatermark,
    }
    this.send(leaderId, Api.Fetch, body)
  }

  /** Sends unless a request to the node is under way or was just refused. */
  private send(
    node: number,
    api: typeof Api.Vote | typeof Api.BeginQuorumEpoch | typeof Api.EndQuorumEpoch | typeof Api.Fetch,
    body: object,
  ): void {
    if ((this.allowedAt.get(node) ?? 0) > this.env.monotonic()) return
    if (this.client.ready(node) && this.client.inFlight(node) === 0) this.client.send(node, api, body, 0)
  }

  // --- time -----------------------------------------------------------------------------------------------------------

  private arm(): void {
    const { env } = this
    const now = env.monotonic()
    let next = this.deadline()
    for (const at of this.allowedAt.values()) if (at > now && at < next) next = at
    env.cancel(this.timer)
    this.timer = env.setTimer(VOTER_POLL, Math.max(1, next - now))
  }

  private deadline(): number {
    const { state } = this.state
    return state.role === 'leader' ? Math.min(state.leader.checkQuorumAt, this.lookAt) : state.deadline
  }

  /** Drawn anew for every wait, so that voters do not stand against each other again and again. */
  electionDeadline(): number {
    const { electionTimeout } = this.options.times
    return this.env.monotonic() + electionTimeout + this.env.decide(CHOICE, electionTimeout)
  }

  private fetchDeadline(): number {
    return this.env.monotonic() + this.options.times.fetchTimeout
  }
}

function voterClientOptions(requestTimeoutUs: number): ConstructorParameters<typeof NetworkClient>[1] {
  return {
    timerBase: VOTER_CLIENT_TIMERS,
    maxInFlight: 1,
    requestTimeoutUs,
    reconnectBackoffUs: 50 * MILLISECOND,
    reconnectBackoffMaxUs: 500 * MILLISECOND,
    setupTimeoutUs: 10_000 * MILLISECOND,
    setupTimeoutMaxUs: 30_000 * MILLISECOND,
  }
}
