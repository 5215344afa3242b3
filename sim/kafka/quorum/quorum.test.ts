import { expect, test } from 'vitest'
import { constant } from '../../kernel/spread.ts'
import { samplerOf } from '../../kernel/sampler.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { Stream } from '../../kernel/stream.ts'
import { Quorum } from './quorum.test.support.ts'

const quorumOf = (count = 3, seed = '1'): Quorum => new Quorum(count, seed, constant(MILLISECOND))
const all = (quorum: Quorum, node: number): readonly number[] =>
  quorum.disks.map((_, other) => other).filter((other) => other !== node)
const isolate = (quorum: Quorum, node: number): void => {
  for (const other of all(quorum, node)) {
    quorum.network.cut(node, other)
    quorum.network.cut(other, node)
  }
}
const rejoin = (quorum: Quorum, node: number): void => {
  for (const other of all(quorum, node)) {
    quorum.network.heal(node, other)
    quorum.network.heal(other, node)
  }
}

test('a formed quorum goes on under its leader', () => {
  const quorum = quorumOf()
  quorum.pass(30 * SECOND)
  expect(quorum.leaders()).toEqual([0])
  expect(quorum.epochOf(0)).toBe(1)
  expect(quorum.watch.elections).toBe(1)
})

test('what the leader appends is committed once a majority has flushed it, and followers learn it at once (KIP-1166)', () => {
  const quorum = quorumOf()
  quorum.pass(SECOND)
  quorum.processes[0]?.append(3)
  expect(quorum.voter(0).highWatermark).toBe(1)
  quorum.pass(10 * MILLISECOND)
  expect([0, 1, 2].map((node) => quorum.voter(node).highWatermark)).toEqual([4, 4, 4])
})

test('a leader alone commits nothing, and resigns after 1.5 fetch timeouts (KAFKA-15489)', () => {
  const quorum = quorumOf()
  quorum.pass(SECOND)
  isolate(quorum, 0)
  quorum.processes[0]?.append(1)
  quorum.pass(2 * SECOND)
  expect(quorum.voter(0).isLeader).toBe(true)
  quorum.pass(2 * SECOND)
  expect(quorum.voter(0).isLeader).toBe(false)
  expect(quorum.voter(0).highWatermark).toBe(1)
})

test('before 3.7 it stayed, and two led until it heard of the newer epoch (K01)', () => {
  const quorum = new Quorum(3, '1', constant(MILLISECOND), { checksQuorum: false })
  quorum.pass(SECOND)
  isolate(quorum, 0)
  quorum.processes[0]?.append(1)
  quorum.pass(60 * SECOND)
  expect(quorum.leaders()).toHaveLength(2)
  expect(quorum.voter(0).highWatermark).toBe(1)
  rejoin(quorum, 0)
  quorum.pass(10 * SECOND)
  expect(quorum.leaders()).not.toContain(0)
  expect(quorum.leaders()).toHaveLength(1)
})

test('the others elect a new leader in a new epoch, and what was not committed is cut', () => {
  const quorum = quorumOf()
  quorum.pass(SECOND)
  isolate(quorum, 0)
  quorum.processes[0]?.append(2)
  quorum.pass(10 * SECOND)
  const [leader] = quorum.leaders()
  expect(leader).not.toBe(0)
  expect(quorum.epochOf(leader as number)).toBeGreaterThan(1)
  quorum.processes[leader as number]?.append(1)
  rejoin(quorum, 0)
  quorum.pass(10 * SECOND)
  expect(quorum.voter(0).log.endOffset).toBe(quorum.voter(leader as number).log.endOffset)
  const end = quorum.voter(0).log.endOffset
  expect(quorum.voter(0).log.chainBefore(end)).toBe(quorum.voter(leader as number).log.chainBefore(end))
  expect(quorum.watch.breaches).toEqual([])
})

test('a voter that was cut off disturbs nobody when it comes back (KIP-996)', () => {
  const quorum = quorumOf()
  quorum.pass(SECOND)
  isolate(quorum, 2)
  quorum.pass(60 * SECOND)
  expect(quorum.epochOf(2)).toBe(1)
  rejoin(quorum, 2)
  quorum.pass(10 * SECOND)
  expect(quorum.leaders()).toEqual([0])
  expect(quorum.epochOf(0)).toBe(1)
})

test('a leader that restarts wins a new epoch before it appends again (KAFKA-10527)', () => {
  const quorum = quorumOf()
  quorum.pass(SECOND)
  quorum.crash(0, true)
  quorum.start(0)
  expect(quorum.voter(0).state.state.role).toBe('resigned')
  quorum.pass(10 * SECOND)
  expect(quorum.leaders()).toHaveLength(1)
  expect(quorum.epochOf(quorum.leaders()[0] as number)).toBeGreaterThan(1)
})

test('before 2.7 it went on in its epoch, where its disk had left it (K02)', () => {
  const quorum = new Quorum(3, '1', constant(MILLISECOND), { restartsResigned: false })
  quorum.pass(SECOND)
  const { endOffset } = quorum.voter(0).log
  quorum.crash(0, true)
  quorum.start(0)
  expect(quorum.leaders()).toEqual([0])
  expect(quorum.epochOf(0)).toBe(1)
  expect(quorum.voter(0).epochStartOffset).toBe(endOffset)
})

test('a leader that resigns is succeeded at once', () => {
  const quorum = quorumOf()
  quorum.pass(SECOND)
  quorum.voter(0).resign()
  quorum.pass(100 * MILLISECOND)
  expect(quorum.voter(0).isLeader).toBe(false)
  quorum.pass(3 * SECOND)
  expect(quorum.leaders()).toHaveLength(1)
})

test('records of older epochs are committed only beneath one of the new leader', () => {
  const quorum = quorumOf()
  quorum.pass(SECOND)
  quorum.crash(2, false)
  quorum.processes[0]?.append(1)
  quorum.pass(10 * MILLISECOND)
  quorum.crash(0, false)
  quorum.start(2)
  quorum.pass(20 * SECOND)
  const [leader] = quorum.leaders()
  // Only node 1 has the record, so only it can be elected; the record counts with the LeaderChange record behind it.
  expect(leader).toBe(1)
  expect(quorum.voter(1).highWatermark).toBe(3)
})

test('what is committed is never cut: when disks are lost, whoever is asked to ends', () => {
  const quorum = quorumOf()
  quorum.processes[0]?.append(5)
  quorum.pass(SECOND)
  expect(quorum.voter(0).highWatermark).toBe(6)
  isolate(quorum, 0)
  for (const node of [1, 2]) {
    quorum.crash(node, false)
    quorum.disks[node]?.wipe()
    quorum.start(node)
  }
  quorum.pass(20 * SECOND)
  // Another epoch, so that the logs differ by more than what is in them.
  for (const leader of quorum.leaders()) quorum.voter(leader).resign()
  quorum.pass(20 * SECOND)
  rejoin(quorum, 0)
  quorum.pass(60 * SECOND)
  expect(quorum.processes.some(({ fatal }) => fatal.length > 0)).toBe(true)
})

test.each([3, 5])('%i voters: no two leaders in an epoch and nothing committed is lost, whatever happens', (count) => {
  for (let run = 0; run < 25; run++) {
    const quorum = new Quorum(count, `${run}`, { kind: 'uniform', minUs: 200, maxUs: 20_000 })
    const stream = new Stream(`${run}`, 'faults', `${count}`)
    const isolated = new Set<number>()
    const back = (node: number): void => {
      if (!quorum.isUp(node)) quorum.start(node)
      if (isolated.delete(node)) rejoin(quorum, node)
    }
    for (let step = 0; step < 60; step++) {
      quorum.pass(stream.below(900) * MILLISECOND + 1)
      for (const leader of quorum.leaders()) quorum.processes[leader]?.append(1 + stream.below(2))
      const node = stream.below(count)
      switch (stream.below(6)) {
        case 0:
          if (quorum.isUp(node)) quorum.crash(node, stream.below(2) === 1)
          break
        case 1:
          if (!isolated.has(node)) isolate(quorum, node)
          isolated.add(node)
          break
        case 2:
          quorum.disks[node]?.beginSlow(samplerOf({ kind: 'uniform', minUs: 1000, maxUs: 400_000 }))
          break
        case 3:
          quorum.disks[node]?.endSlow()
          break
        default:
          back(node)
      }
      expect(quorum.watch.breaches).toEqual([])
    }
    for (let node = 0; node < count; node++) {
      back(node)
      while (quorum.disks[node]?.isSlow === true) quorum.disks[node]?.endSlow()
    }
    quorum.pass(60 * SECOND)
    const leader = quorum.leaders().at(-1) as number
    expect(quorum.leaders()).toHaveLength(1)
    quorum.processes[leader]?.append(1)
    quorum.pass(5 * SECOND)
    const end = quorum.voter(leader).log.endOffset
    for (let node = 0; node < count; node++) expect(quorum.voter(node).highWatermark).toBe(end)
    expect(quorum.processes.flatMap(({ fatal }) => fatal)).toEqual([])
  }
})
