import { describe, expect, it } from 'vitest'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import { CommitBook } from './commit-book.ts'

function record(tp: number, offset: number): ConsumedRecord {
  return { tp, offset, leaderEpoch: 0 } as ConsumedRecord
}

function offsets(book: CommitBook): readonly string[] {
  return book.toCommit().map(({ tp, offset }) => `${tp}@${offset}`)
}

describe('what was finished in a partition that goes away', () => {
  it('is forgotten', () => {
    const book = new CommitBook()
    book.done([record(1, 4), record(2, 7)])
    book.forget([1])
    expect(offsets(book)).toEqual(['2@8'])
    book.welcome([1])
    expect(offsets(book)).toEqual(['2@8'])
  })

  it('stored: is kept, and committed when the partition comes back (librdkafka before 1.9, C07)', () => {
    const book = new CommitBook('stored')
    book.done([record(1, 4)])
    book.forget([1])
    expect([offsets(book), book.isDirty]).toEqual([[], false])
    book.welcome([1])
    expect([offsets(book), book.isDirty]).toEqual([['1@5'], true])
  })

  it('stored: so is what is finished after it went', () => {
    const book = new CommitBook('stored')
    book.forget([1])
    book.done([record(1, 4)])
    expect(book.isDirty).toBe(false)
    book.welcome([1])
    expect(offsets(book)).toEqual(['1@5'])
  })

  it('any: is committed all the same (kafkajs, N08)', () => {
    const book = new CommitBook('any')
    book.done([record(1, 4)])
    book.forget([1])
    expect([offsets(book), book.isDirty]).toEqual([['1@5'], true])
  })
})
