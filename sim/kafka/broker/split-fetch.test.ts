import { describe, expect, test } from 'vitest'
import type { FetchRequest } from '../protocol/messages.ts'
import { ConsumerFetch } from './consumer-fetch.ts'
import { LoneReplica } from './partition.test.support.ts'
import { LOG_END_THEN } from './split-fetch.ts'

const VERSION = 17

/** A leader of whose log two records are committed, and all there is. */
function committed(): { readonly replica: LoneReplica; readonly fetch: ConsumerFetch } {
  const replica = new LoneReplica()
  replica.lead(1, 0, [1, 2])
  replica.append(2)
  replica.fetch(2, 2)
  expect([replica.log.highWatermark, replica.log.logEndOffset]).toEqual([2, 2])
  const { partition, metadata } = replica
  return { replica, fetch: new ConsumerFetch(new Map([[partition.tp, partition]]), metadata) }
}

function request(fetchOffset: number, partitionMaxBytes = 1_000_000): FetchRequest {
  const partition = { topicId: 1, partition: 0, currentLeaderEpoch: -1, lastFetchedEpoch: -1, logStartOffset: -1 }
  return {
    replicaId: -1,
    replicaEpoch: -1,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1_000_000,
    isolationLevel: 'read_uncommitted',
    partitions: [{ ...partition, fetchOffset, partitionMaxBytes }],
  }
}

describe('a read that looks at the end of the log twice (before KAFKA-9835, R17)', () => {
  test('hands out what was appended in between, behind the high watermark', () => {
    const { replica, fetch } = committed()
    const limits = fetch.sizedLimits(request(0))
    expect(limits).toEqual([LOG_END_THEN])
    replica.append(1)
    expect(fetch.read(request(0), VERSION, limits).responses[0]?.records).toHaveLength(3)
    expect(fetch.read(request(0), VERSION, null).responses[0]?.records).toHaveLength(2)
  })

  test('stays below it where there is nothing to read yet, not all that there is, or not all of it is committed', () => {
    const { replica, fetch } = committed()
    expect(fetch.sizedLimits(request(2))).toEqual([2])
    expect(fetch.sizedLimits(request(0, 150))).toEqual([2])
    replica.append(1)
    expect(fetch.sizedLimits(request(0))).toEqual([2])
    expect(fetch.read(request(2), VERSION, [2]).responses[0]?.records).toHaveLength(0)
  })
})
