import { M } from '../../history/catalogue.ts'
import { CHOICE } from '../../kernel/site.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Disk } from '../../storage/disk.ts'
import { DiskQueue } from '../../storage/disk-queue.ts'
import type { ClientRequest } from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { Errors } from '../protocol/errors.ts'
import type { LeaderIdAndEpoch } from '../protocol/messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { QuorumEntry, QuorumEpochResponse, QuorumFetchRequest } from '../protocol/quorum-messages.ts'
import { LeaderState } from './leader-state.ts'
import { QuorumAnswers } from './quorum-answers.ts'
import { QuorumDuties } from './quorum-duties.ts'
import { QuorumLog } from './quorum-log.ts'
import { type PeersOwner, QuorumPeers } from './quorum-peers.ts'
import { QuorumRequests } from './quorum-requests.ts'
import { QuorumState } from './quorum-state.ts'
import type { VoterListener, VoterOptions } from './voter-options.ts'

/** The voter's timer; the way to the others takes more (`quorum-peers.ts`). */
export const VOTER_POLL = 8

/**
 * One voter of the metadata quorum (`KafkaRaftClient`, KIP-595, KIP-996): elections by majority, replication by fetches. Every
 * call from outside is one turn: what arrived is taken in, then what is due is done.
 */
export class QuorumVoter implements PeersOwner {
  readonly log: QuorumLog
  readonly state: QuorumState
  /** Up to here the log is known to be committed; never moves back. */
  highWatermark = 0
  readonly options: VoterOptions
  private readonly env: Env
  private readonly peers: QuorumPeers
  private readonly duties: QuorumDuties
  private readonly disk: DiskQueue
  private readonly listener: VoterListener
  private readonly requests: QuorumRequests
  private readonly answers: QuorumAnswers
  /** Flushes under way. */
  private flushing = 0
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
    this.peers = new QuorumPeers(env, times.requestTimeout, this)
    this.answers = new QuorumAnswers(env, this)
    this.duties = new QuorumDuties(env, this, this.peers)
    this.requests = new QuorumRequests(env, this)
  }

  // --- life -----------------------------------------------------------------------------------------------------------

  start(): void {
    const { state, log } = this
    state.load(log.lastEpoch, this.electionDeadline(), this.fetchDeadline())
    if (this.options.formed) {
      this.highWatermark = log.endOffset
      if (state.leaderId === state.self) this.standAsLeader()
    } else if (state.state.role === 'resigned' && !this.options.rules.restartsResigned) this.lead()
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

  /** Whether something that was appended is not flushed yet. */
  get isFlushing(): boolean {
    return this.flushing > 0
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
    this.peers.onMessage(reply)
    this.turn()
  }

  onSignal(kind: number, connection: number, peer: number): void {
    this.peers.onSignal(kind, connection, peer)
    this.turn()
  }

  /** Takes the voter's timers; false when the timer is none of them. */
  onTimer(kind: number, a: number, b: number): boolean {
    if (kind === VOTER_POLL) this.timer = 0
    else if (!this.peers.onTimer(kind, a, b)) return false
    this.turn()
    return true
  }

  onDisk(): void {
    this.disk.completed()
    this.flushing--
    this.flushed()
    this.turn()
  }

  onAnswer(request: ClientRequest, body: object): void {
    if ((body as QuorumEpochResponse).errorCode !== Errors.NONE) this.peers.onRefused(request.destination)
    this.answers.take(request, body)
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
  lead(): void {
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

  /** A pre-vote was lost: back to the leader, if one is known, or to waiting. */
  endProspect(): void {
    const { state } = this
    if (state.leaderId >= 0 && state.leaderId !== state.self) {
      state.toFollower(state.epoch, state.leaderId, this.fetchDeadline())
    } else state.toUnattached(state.epoch, this.electionDeadline())
  }

  /** Another voter knows that this one leads, or that it has resigned. */
  onAcknowledged(node: number): void {
    const { state } = this.state
    if (state.role === 'resigned') state.unacknowledged.delete(node)
    if (state.role !== 'leader') return
    state.leader.onAcknowledged(node)
  }

  /** The process cannot go on. */
  fail(message: string): void {
    this.listener.onFatal(message)
  }

  private toLeader(epochStartOffset: number): LeaderState {
    const { state, env, options } = this
    const { fetchTimeout } = options.times
    const { checksQuorum } = options.rules
    const leader = new LeaderState(epochStartOffset, state.others, env.monotonic(), fetchTimeout, checksQuorum)
    state.toLeader(leader)
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

  /** Appends what the leader sent. */
  appendAll(entries: readonly QuorumEntry[]): void {
    this.log.appendAll(entries)
    this.flush()
  }

  /** What was appended counts once it is flushed. */
  private flush(): void {
    if (this.disk.admit(0, 0, 0, null)) this.flushed()
    else this.flushing++
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
    this.duties.poll()
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

  // --- time -----------------------------------------------------------------------------------------------------------

  private arm(): void {
    const { env } = this
    const next = Math.min(this.deadline(), this.peers.nextAttemptAt())
    env.cancel(this.timer)
    this.timer = env.setTimer(VOTER_POLL, Math.max(1, next - env.monotonic()))
  }

  private deadline(): number {
    const { state } = this.state
    return state.role === 'leader' ? Math.min(state.leader.checkQuorumAt, state.leader.lookAt) : state.deadline
  }

  /** Drawn anew for every wait, so that voters do not stand against each other again and again. */
  electionDeadline(): number {
    const { electionTimeout } = this.options.times
    return this.env.monotonic() + electionTimeout + this.env.decide(CHOICE, electionTimeout)
  }

  fetchDeadline(): number {
    return this.env.monotonic() + this.options.times.fetchTimeout
  }
}
