import { expect, test } from 'vitest'
import type { Envelope } from '../../network/envelope.ts'
import { Api, type ApiKey } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import { CLUSTER_PROFILES, type ClusterProfile } from '../protocol/profile.ts'
import { earlyAnswer } from './metadata-answers.ts'

const KRAFT = CLUSTER_PROFILES['kafka-4.1']
const BEFORE_KRAFT: ClusterProfile = { ...KRAFT, 'metadata.of-starting-broker': 'empty' }

function request(api: ApiKey, body: object): Envelope {
  return { api, body } as Envelope
}

const METADATA = request(Api.Metadata, { topics: ['orders'] })

test('a broker that has not caught up answers nobody', () => {
  expect(earlyAnswer(METADATA, KRAFT)).toBeNull()
})

test('before KRaft it told of no topic, and refused batches for what it did not know', () => {
  expect(earlyAnswer(METADATA, BEFORE_KRAFT)).toMatchObject({
    brokers: [],
    topics: [{ name: 'orders', errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, partitions: [] }],
  })
  const produce = request(Api.Produce, { acks: -1, partitionData: [{ topicId: 1, index: 2 }] })
  expect(earlyAnswer(produce, BEFORE_KRAFT)).toMatchObject({
    partitionResponses: [{ topicId: 1, index: 2, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION }],
  })
  expect(earlyAnswer(request(Api.Fetch, {}), BEFORE_KRAFT)).toBeNull()
})
