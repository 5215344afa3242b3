import { describe, expect, test } from 'vitest'
import { Stream } from '../../kernel/stream.ts'
import type { Disk } from '../../storage/disk.ts'
import { Broker, type BrokerOptions, type ProcessHost } from '../broker/broker.ts'
import type { Env } from '../env.ts'
import { Errors } from '../protocol/errors.ts'
import { transactionRecordsIn } from '../protocol/transaction-records.ts'
import type { EndTxnResponse } from '../protocol/transaction-messages.ts'
import { type Call, type Identity, TransactionCluster } from './transaction-cluster.test.support.ts'

/** A cluster whose leaders write markers as Kafka's do. */
class Live extends TransactionCluster {
  protected override makeBroker(env: Env, options: BrokerOptions, disk: Disk, host: ProcessHost): Broker {
    return new Broker(env, options, disk, host)
  }
}

/** An end that was asked for, by the epoch that its producer had. */
interface Ending {
  readonly call: Call<EndTxnResponse>
  readonly who: Identity
  readonly committed: boolean
}

/** Producers that do at random what producers do, in a cluster in which at most one broker is away. */
class Chaos {
  readonly cluster: Live
  private readonly random: Stream
  private readonly version: 1 | 2
  private readonly endings: Ending[] = []
  private who: Identity | null = null
  private away = 0
  private isCutOff = false

  constructor(seed: string, version: 1 | 2) {
    this.random = new Stream(seed, 'chaos', '')
    this.version = version
    this.cluster = new Live({ profile: { 'transaction.version': version } })
  }

  run(steps: number): void {
    for (let i = 0; i < steps; i++) {
      if (this.cluster.coordinator > 0) this.act()
      else this.cluster.runFor(3)
      this.cluster.runFor((this.random.below(40) + 1) / 20)
    }
    this.bringBack()
    // Whoever was cut off may still believe in its own time; what is open times out.
    this.cluster.runFor(120)
  }

  private act(): void {
    switch (this.random.below(10)) {
      case 0:
        this.initialise()
        break
      case 1:
      case 2:
      case 3:
      case 4:
        this.add()
        break
      case 5:
      case 6:
      case 7:
        this.end()
        break
      case 8:
        if (this.away > 0) this.bringBack()
        else this.takeAway(1 + this.random.below(3))
        break
      default:
        this.cluster.runFor(5)
    }
  }

  private initialise(): void {
    const call = this.cluster.initialising({ transactionTimeoutMs: 15_000 })
    this.cluster.runFor(0.2)
    const answer = this.cluster.answer(call)
    if (answer?.errorCode === Errors.NONE) this.who = answer
  }

  private add(): void {
    if (this.who === null) this.initialise()
    else this.cluster.add(this.who, [this.random.below(3), this.random.below(3)], this.version === 2 ? 5 : 3)
  }

  private end(): void {
    const { who, cluster } = this
    if (who === null) return
    const committed = this.random.below(2) === 0
    const call = cluster.ending(who, committed, this.version === 2 ? 5 : 4)
    this.endings.push({ call, who, committed })
    if (this.away === 0 && this.random.below(3) === 0) {
      // In the middle of it.
      cluster.runFor(this.random.below(16) / 1000)
      this.takeAway(cluster.coordinator)
      return
    }
    cluster.runFor(this.random.below(2) / 10)
    const answer = cluster.answer(call)
    if (this.version === 2 && answer?.errorCode === Errors.NONE) this.who = answer
  }

  private takeAway(broker: number): void {
    this.away = broker
    this.isCutOff = this.random.below(2) === 0
    if (this.isCutOff)
      this.cluster.isolate(
        this.away,
        [0, 1, 2, 3].filter((id) => id !== this.away),
      )
    else this.cluster.crash(this.away)
  }

  private bringBack(): void {
    if (this.away === 0) return
    if (this.isCutOff)
      this.cluster.heal(
        this.away,
        [0, 1, 2, 3].filter((id) => id !== this.away),
      )
    else this.cluster.startBroker(this.away)
    this.away = 0
  }

  // --- what became of it --------------------------------------------------------------------------------------------

  /** What the log says of every end, by producer id and epoch: `commit`, `abort`, or both. */
  decided(): ReadonlyMap<string, ReadonlySet<string>> {
    const decided = new Map<string, Set<string>>()
    const { cluster } = this
    for (const entry of cluster.broker(cluster.coordinator).replicas.entriesOf(cluster.logTp) ?? []) {
      for (const { value } of transactionRecordsIn(entry.batch)) {
        if (value?.transactionStatus.startsWith('Prepare') !== true) continue
        const kind = value.transactionStatus === 'PrepareCommit' ? 'commit' : 'abort'
        add(decided, `${value.producerId}/${value.producerEpoch}`, kind)
      }
    }
    return decided
  }

  /** What the markers in the partitions say, all partitions together. */
  marked(): ReadonlyMap<string, ReadonlySet<string>> {
    const marked = new Map<string, Set<string>>()
    for (const partition of [0, 1, 2]) {
      const tp = this.cluster.orders(partition)
      const leader = this.cluster.up.find((id) => this.cluster.partition(id, tp).isLeader) as number
      for (const { batch } of this.cluster.broker(leader).replicas.entriesOf(tp) ?? []) {
        const kind = batch.marker?.type === 'COMMIT' ? 'commit' : 'abort'
        if (batch.marker !== null) add(marked, `${batch.producerId}/${batch.producerEpoch}`, kind)
      }
    }
    return marked
  }

  /** Ends whose producer was told that they succeeded, by the epoch of their markers. */
  told(): readonly (readonly [epoch: string, kind: string])[] {
    return this.endings.flatMap(({ call, who, committed }) =>
      this.cluster.answer(call)?.errorCode === Errors.NONE
        ? [[`${who.producerId}/${who.producerEpoch + 1}`, committed ? 'commit' : 'abort'] as const]
        : [],
    )
  }
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, new Set([value]))
  else known.add(value)
}

const SEEDS = Array.from({ length: 8 }, (_, index) => String(index))

describe.each(SEEDS)('whatever happens to its coordinators (%s)', (seed) => {
  test('by version 2 every epoch ends in one way, as its producer was told, in the log and in every partition', () => {
    const chaos = new Chaos(seed, 2)
    chaos.run(100)
    const decided = chaos.decided()
    expect(chaos.cluster.state).toMatchObject({ pendingState: null, partitions: [] })
    expect([...decided.values()].filter((kinds) => kinds.size !== 1)).toEqual([])
    for (const [epoch, kinds] of chaos.marked()) expect(decided.get(epoch)).toEqual(kinds)
    for (const [epoch, kind] of chaos.told()) expect([...(decided.get(epoch) ?? [])]).toEqual([kind])
  })

  test('by version 1 every transaction ends', () => {
    const chaos = new Chaos(seed, 1)
    chaos.run(100)
    expect(chaos.cluster.state).toMatchObject({ pendingState: null, partitions: [] })
  })
})

test('and the chaos is one: ends are decided, coordinators change, markers are written', () => {
  let decisions = 0
  let markers = 0
  let loads = 0
  for (const seed of SEEDS.slice(0, 5)) {
    const chaos = new Chaos(seed, 2)
    chaos.run(100)
    decisions += chaos.decided().size
    markers += chaos.marked().size
    loads += chaos.cluster.story.lines.filter((line) => line.startsWith('loaded')).length
  }
  expect(decisions).toBeGreaterThan(20)
  expect(markers).toBeGreaterThan(10)
  expect(loads).toBeGreaterThan(5)
})
