import { expect, test } from 'vitest'
import { AutoCommit, type AutoCommitParts } from './auto-commit.ts'
import { Commit } from './offset-commits.ts'

/** What an automatic commit meets, by hand: the time, and when the thread was asked to look again. */
function withProtocol(groupProtocol: 'classic' | 'consumer'): {
  readonly auto: AutoCommit
  readonly clock: { now: number }
  readonly woken: number[]
  readonly sent: Commit[]
} {
  const clock = { now: 0 }
  const woken: number[] = []
  const sent: Commit[] = []
  const parts = {
    env: { monotonic: () => clock.now },
    settings: { autoCommit: true, autoCommitIntervalUs: 5000, retryBackoffUs: 100, groupProtocol },
    commits: { commitAsync: (commit: Commit) => void sent.push(commit) },
    subscriptions: { allConsumed: () => [] },
    wake: { wakeAt: (at: number) => void woken.push(at) },
  } as unknown as AutoCommitParts
  return { auto: new AutoCommit(parts), clock, woken, sent }
}

test('a commit that is due while the last one is unanswered waits for the answer, and not for a time that is past', () => {
  const { auto, clock, woken, sent } = withProtocol('consumer')
  clock.now = 5000
  auto.maybeCommit()
  auto.wakeWhenDue()
  clock.now = 10_000
  auto.maybeCommit()
  auto.wakeWhenDue()
  expect([sent.length, woken]).toEqual([1, [10_000]])
  auto.onCommitted(sent[0] as Commit)
  auto.wakeWhenDue()
  auto.maybeCommit()
  expect([sent.length, woken]).toEqual([2, [10_000, 10_000]])
})

test('the classic client does not wait for the answer', () => {
  const { auto, clock, sent } = withProtocol('classic')
  for (const now of [5000, 10_000, 15_000]) {
    clock.now = now
    auto.maybeCommit()
  }
  expect(sent.length).toBe(3)
})
