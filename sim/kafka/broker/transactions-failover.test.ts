import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cloneGraph } from '../../kernel/clone.ts'
import { TestHasher } from '../../kernel/world.test.support.ts'
import { Errors } from '../protocol/errors.ts'
import type { Identity } from '../transaction/transaction-cluster.test.support.ts'
import { Live } from './live-transactions.test.support.ts'

const PARTITIONS = [0, 1, 2]

type Step =
  | { readonly kind: 'write'; readonly partition: number }
  | { readonly kind: 'end'; readonly committed: boolean }
  | { readonly kind: 'crash' | 'stop'; readonly broker: number }
  | { readonly kind: 'pass'; readonly seconds: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), partition: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), committed: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('crash' as const, 'crash' as const, 'stop' as const),
      broker: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(0.01, 0.1, 1) }),
  },
)

/** A producer that writes its transactions while brokers come and go. */
class Story {
  readonly cluster: Live = new Live({ hasher: new TestHasher() })
  /** Transactions that were ended. */
  ended = 0
  private who: Identity = this.cluster.init()
  private sequences: number[] = [0, 0, 0]
  private hasFailed = false
  /** A broker that is down. */
  private down = 0

  apply(step: Step): void {
    const { cluster } = this
    switch (step.kind) {
      case 'write':
        return this.write(step.partition)
      case 'end':
        return this.end(step.committed)
      case 'pass':
        return cluster.runFor(step.seconds)
      case 'crash':
      case 'stop':
        if (this.down > 0) this.restart()
        else if (step.kind === 'crash') cluster.crash(step.broker)
        else cluster.stop(step.broker, 60)
        this.down = this.down > 0 ? 0 : step.broker
        return cluster.runFor(step.kind === 'crash' ? 0.05 : 1)
    }
  }

  /** Everybody is up, the last transaction is aborted, and nothing happens any more. */
  settle(): void {
    if (this.down > 0) this.restart()
    this.cluster.runFor(40)
    this.who = this.cluster.init({}, 60)
    this.cluster.runFor(10)
  }

  private restart(): void {
    this.cluster.startBroker(this.down)
    this.cluster.runFor(15)
  }

  private write(partition: number): void {
    const { cluster } = this
    if (this.hasFailed || cluster.leaderOf(partition) === undefined) return
    const error = cluster.write(this.who, partition, this.sequences[partition] as number)
    if (error === Errors.NONE) this.sequences[partition] = (this.sequences[partition] as number) + 1
    else this.hasFailed = true
  }

  private end(committed: boolean): void {
    const { cluster } = this
    if (cluster.coordinator < 0) return
    const { errorCode, producerId, producerEpoch } = cluster.end(this.who, committed && !this.hasFailed)
    if (errorCode === Errors.NONE) {
      this.who = { producerId, producerEpoch }
      this.ended++
    } else {
      // As a client that has lost its way: it begins anew, which aborts what is open.
      cluster.runFor(20)
      if (cluster.coordinator < 0) return
      this.who = cluster.init({}, 60)
    }
    this.sequences = [0, 0, 0]
    this.hasFailed = false
  }
}

test('replicas agree on transactions after failovers, and none is left open', { timeout: 120_000 }, () => {
  let ended = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 15, maxLength: 30 }), (steps) => {
      const story = new Story()
      for (const step of steps) story.apply(step)
      story.settle()
      const { cluster } = story
      for (const index of PARTITIONS) {
        const tp = cluster.orders(index)
        const { log } = cluster.partition(cluster.leaderOf(index), tp)
        expect(log.transactions.oldest).toBeUndefined()
        expect([log.lastStableOffset, log.highWatermark]).toEqual([log.logEndOffset, log.logEndOffset])
        for (const broker of cluster.up) {
          const replica = cluster.partition(broker, tp).log
          const { transactions, logEndOffset } = replica
          expect(logEndOffset).toBe(log.logEndOffset)
          expect(transactions.oldest).toBeUndefined()
          expect(transactions.index.all).toEqual(log.transactions.index.all)
        }
      }
      ended += story.ended
    }),
    { numRuns: 12 },
  )
  expect(ended).toBeGreaterThan(10)
})

test.each(Array.from({ length: 10 }, (_, index) => index * 9))(
  'a cluster %i events into a verification and the end of its transaction is plain data: its copy goes on as it does',
  (events) => {
    const cluster = new Live({ hasher: new TestHasher() })
    const who = cluster.init()
    cluster.write(who, 0, 0)
    cluster.producing(who, 1, 0)
    cluster.ending(who, true)
    for (let at = 0; at < events; at++) cluster.kernel.step()
    const copy = cloneGraph(cluster)
    for (const each of [copy, cluster]) each.runFor(20)
    expect(copy.kernel.digest()).toBe(cluster.kernel.digest())
    expect([copy.stable(0), copy.stable(1)]).toEqual([cluster.stable(0), cluster.stable(1)])
    expect(cluster.stable(0)).toBe(2)
  },
)
