import { M } from '../../history/catalogue.ts'
import { type MomentObserver, Recorder } from '../../history/recorder.ts'
import type { Hasher } from '../../host.ts'
import { Kernel, SYSTEM_EVENT } from '../../kernel/kernel.ts'
import type { NodeHandler, SystemHandler } from '../../kernel/node.ts'
import type { Spread } from '../../kernel/spread.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import { CLOSED, RESET } from '../../network/connection.ts'
import type { Envelope } from '../../network/envelope.ts'
import { Links } from '../../network/links.ts'
import { ARRIVAL, Network } from '../../network/network.ts'
import { Disk } from '../../storage/disk.ts'
import { MetadataFetches } from '../controller/metadata-fetches.ts'
import { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import type { ApiVersionsResponse } from '../protocol/messages.ts'
import type { QuorumFetchRequest } from '../protocol/quorum-messages.ts'
import { formElection } from './quorum-state.ts'
import { QuorumLog } from './quorum-log.ts'
import { QuorumVoter } from './quorum-voter.ts'
import type { QuorumRules, QuorumTimes, VoterListener } from './voter-options.ts'

class NullHasher implements Hasher {
  update(): void {}
  copy(): Hasher {
    return new NullHasher()
  }
  digest(): string {
    return ''
  }
}

const FETCH_WAIT = 1

const VERSIONS: ApiVersionsResponse = {
  errorCode: 0,
  apiKeys: [Api.Fetch, Api.ApiVersions, Api.Vote, Api.BeginQuorumEpoch, Api.EndQuorumEpoch].map((apiKey) => ({
    apiKey,
    minVersion: 0,
    maxVersion: 18,
  })),
  finalizedFeatures: [],
}

export const RULES: QuorumRules = { checksQuorum: true, restartsResigned: true }

export const TIMES: QuorumTimes = {
  electionTimeout: 1000 * MILLISECOND,
  fetchTimeout: 2000 * MILLISECOND,
  electionBackoffMax: 1000 * MILLISECOND,
  requestTimeout: 2000 * MILLISECOND,
}

/** A process that is nothing but a voter. */
export class VoterProcess implements NodeHandler, VoterListener {
  readonly voter: QuorumVoter
  readonly fatal: string[] = []
  commits = 0
  lost = 0
  private readonly env: Env
  private readonly fetches: MetadataFetches

  constructor(
    env: Env,
    voters: readonly number[],
    disk: Disk,
    author: number,
    formed: boolean,
    rules: QuorumRules = RULES,
  ) {
    this.env = env
    this.voter = new QuorumVoter(env, { self: env.node, voters, times: TIMES, rules, author, formed }, disk, this)
    this.fetches = new MetadataFetches(env, this.voter.fetched, FETCH_WAIT)
  }

  onStart(): void {
    this.voter.start()
  }

  onMessage(message: unknown): void {
    const envelope = message as Envelope
    if (envelope.reply) this.voter.onMessage(envelope)
    else if (envelope.api === Api.ApiVersions) this.env.reply(envelope, VERSIONS)
    else if (envelope.api === Api.Fetch) {
      this.voter.onFetch(envelope.body as QuorumFetchRequest)
      this.fetches.fetch(envelope)
    } else this.voter.onRequest(envelope)
    this.answer()
  }

  onSignal(kind: number, connection: number, peer: number): void {
    if (kind === CLOSED || kind === RESET) this.fetches.drop(connection)
    this.voter.onSignal(kind, connection, peer)
    this.answer()
  }

  onTimer(kind: number, a: number, b: number): void {
    if (kind === FETCH_WAIT) this.fetches.timedOut(a)
    else this.voter.onTimer(kind, a, b)
    this.answer()
  }

  onDisk(): void {
    this.voter.onDisk()
    this.answer()
  }

  waiting(): readonly string[] {
    return []
  }

  onCommitted(): void {
    this.commits++
  }

  onLeadershipLost(): void {
    this.lost++
  }

  onFatal(message: string): void {
    this.fatal.push(message)
  }

  append(count: number): void {
    for (let i = 0; i < count; i++) {
      this.voter.append([{ type: 'ProducerIdsRecord', brokerId: 1, brokerEpoch: 0, nextProducerId: i }])
    }
    this.answer()
  }

  private answer(): void {
    while (this.fetches.answerReady() !== null);
  }
}

/** What must hold of every quorum, found by its moments alone. */
export class QuorumWatch implements MomentObserver {
  readonly kinds: readonly number[] = [M.quorumElected, M.quorumVoted, M.quorumCommitted]
  readonly breaches: string[] = []
  elections = 0
  private readonly leaders: Map<number, number> = new Map()
  private readonly chains: Map<number, number> = new Map()
  private readonly votes: Map<string, number> = new Map()

  onMoment(kind: number, _time: number, node: number, a = 0, b = 0, c = 0): void {
    if (kind === M.quorumElected) {
      this.elections++
      this.once(this.leaders, a, node, `two leaders in epoch ${a}`)
    }
    if (kind === M.quorumVoted) this.once(this.votes, `${node}/${b}`, a, `node ${node} voted twice in epoch ${b}`)
    if (kind === M.quorumCommitted) this.once(this.chains, a, c, `two logs committed up to ${a}`)
  }

  private once<K>(known: Map<K, number>, key: K, value: number, breach: string): void {
    const before = known.get(key)
    if (before !== undefined && before !== value) this.breaches.push(breach)
    known.set(key, value)
  }
}

/** A quorum of voters on the real kernel, network and disks. */
export class Quorum implements SystemHandler {
  readonly kernel: Kernel
  readonly network: Network
  readonly watch: QuorumWatch = new QuorumWatch()
  readonly disks: readonly Disk[]
  readonly processes: VoterProcess[] = []
  private readonly recorder: Recorder
  private readonly voters: readonly number[]
  private readonly rules: QuorumRules
  private incarnations = 0

  constructor(count: number, seed: string, latency: Spread, rules: Partial<QuorumRules> = {}) {
    this.rules = { ...RULES, ...rules }
    this.kernel = new Kernel({ seed, hasher: new NullHasher() })
    this.recorder = new Recorder(this.kernel)
    this.recorder.observe(this.watch)
    this.network = new Network(this.kernel, this.recorder, new Links(count, latency), true)
    this.kernel.system = this
    this.voters = Array.from({ length: count }, (_, node) => node)
    this.disks = this.voters.map(() => new Disk())
    for (const disk of this.disks) {
      const log = new QuorumLog(disk)
      log.append(1, [{ type: 'LeaderChangeMessage', leaderId: 0 }], 0)
      log.flush()
      formElection(disk, 0)
    }
    for (const node of this.voters) this.kernel.addNode(`controller-${node + 1}`)
    for (const node of this.voters) this.start(node, true)
  }

  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void {
    if (kind === ARRIVAL) this.network.onArrival(a, b, payload)
    else this.kernel.stop()
  }

  start(node: number, formed = false): void {
    const env = new Env(node, this.kernel, this.network, this.recorder)
    const disk = this.disks[node] as Disk
    const process = new VoterProcess(env, this.voters, disk, ++this.incarnations, formed, this.rules)
    this.processes[node] = process
    this.network.hostUp(node)
    this.kernel.start(node, process)
  }

  isUp(node: number): boolean {
    return this.kernel.nodes[node]?.handler !== null
  }

  /** The process dies; with `power` so does what is not flushed. */
  crash(node: number, power: boolean): void {
    this.network.nodeDied(node, power)
    this.kernel.kill(node)
    if (power) this.disks[node]?.losePower(this.kernel)
  }

  /** Nodes that believe they lead, the newest epoch last. */
  leaders(): readonly number[] {
    return this.voters
      .filter((node) => this.isUp(node) && this.processes[node]?.voter.isLeader === true)
      .sort((a, b) => this.epochOf(a) - this.epochOf(b))
  }

  epochOf(node: number): number {
    return (this.processes[node] as VoterProcess).voter.state.epoch
  }

  voter(node: number): QuorumVoter {
    return (this.processes[node] as VoterProcess).voter
  }

  pass(us: number): void {
    this.kernel.schedule(us, SYSTEM_EVENT, 0, 99, 0, 0, null, 99, 0)
    this.kernel.run(Number.MAX_SAFE_INTEGER)
  }
}
