import { z } from 'zod'
import { PRODUCER_CONFIG } from '../../sim/kafka/protocol/config/producer.ts'
import type {
  RawConsumer,
  RawConsumerStep,
  RawProcessor,
  RawProducer,
  RawSink,
  RawSource,
  RawStep,
  RawStore,
} from './raw.ts'
import { CONNECT_SOURCE_CONFIG, CONNECT_WORKER_CONFIG } from '../../sim/kafka/protocol/config/connect.ts'
import { CONSUMER } from './resolve/consumer-config.ts'
import { STREAMS } from './resolve/streams.ts'
import { config, configMap, configOf, count, duration, moment, name, names, share, spread } from './schema-values.ts'

/** Settings of consumers that are names. */
const CONSUMER_NAMES: Readonly<Record<string, string>> = {
  'client.rack': 'where it runs: with the cluster’s replica.selector.class it reads from a replica there (KIP-392)',
  'group.id': 'the group, which shares the partitions',
  'group.instance.id': 'makes a static member; several instances need ${instance} in it',
  'group.protocol': 'classic (default), or consumer: brokers assign (KIP-848)',
  'group.remote.assignor': 'with group.protocol consumer: uniform or range, default the brokers’ first',
}

const application = {
  instances: count.optional().describe('number of instances, default 1'),
  start: duration.optional().describe('when it starts, default 0s'),
  stop: duration.optional(),
  profile: z.union([z.string(), configMap]).optional().describe('version of the client, default the scenario’s'),
  config: config.optional(),
}

const step: z.ZodType<RawStep> = z.union([
  z.enum(['begin', 'commit', 'abort', 'flush', 'restart', 'close']),
  z.strictObject({
    send: z
      .strictObject({
        id: name.optional(),
        to: name.optional(),
        partition: count.optional(),
        key: name.nullable().optional(),
        value: name.nullable().optional(),
        timestamp: z.string().optional().describe('event time relative to now, such as +1d'),
      })
      .optional(),
    wait: z.union([spread, moment]).optional(),
    commit: z.strictObject({ 'on-unknown': z.enum(['give-up', 'retry', 'abort']).optional() }).optional(),
  }),
])

export const producer: z.ZodType<RawProducer> = z.strictObject({
  ...application,
  config: configOf(PRODUCER_CONFIG).optional(),
  to: names.optional().describe('topic, or a list that is taken in turn'),
  send: z
    .strictObject({
      records: count.optional(),
      every: spread.optional(),
      keys: count.optional(),
      size: count.optional(),
    })
    .optional()
    .describe('a stream of records per instance'),
  transactions: z.strictObject({ every: count.optional(), abort: share.optional() }).optional(),
  'on-unknown': z.enum(['give-up', 'resend']).optional().describe('what becomes of records of unknown outcome'),
  writes: z
    .strictObject({
      into: name.optional().describe('database'),
      when: z.enum(['before-publishing', 'after-publishing', 'instead-of-publishing']).optional(),
    })
    .optional()
    .describe('a dual write: each record is also a row in a database; or instead, for a source to publish it (outbox)'),
  steps: z.array(step).optional().describe('exact steps instead of send'),
})

const offsets = z.record(z.string(), count).describe('offsets by partition, such as { orders-0: 5 }')

const partitions = z.union([z.string(), z.array(z.string())])

/** The user's own code. */
const handler = z.string().optional()
const HANDLER = 'the user’s own code instead of %: a module that exports a factory, ./totals.mjs or ./totals.mjs#name'

const consumerStep: z.ZodType<RawConsumerStep> = z.union([
  z.enum(['commit', 'close', 'wakeup', 'pause', 'resume']),
  z.strictObject({
    poll: count.optional().describe('how many records'),
    seek: offsets.optional(),
    commit: offsets.optional(),
    wait: z.union([spread, moment]).optional(),
    pause: partitions.optional().describe('partitions that poll() passes over'),
    resume: partitions.optional().describe('partitions that poll() returns again'),
  }),
])

const reader = {
  ...application,
  config: configOf(CONSUMER.table, CONSUMER_NAMES).optional(),
  from: names.optional().describe('topic, or a list of topics'),
  process: spread.optional().describe('how long the work on one record takes, default 1ms'),
  'commit-every': z
    .union([z.enum(['poll', 'record']), count])
    .optional()
    .describe('how often it commits: once per poll (default), per record, or every n records'),
  'commit-call': z.enum(['sync', 'async']).optional(),
  handling: z
    .union([z.literal('in-order'), z.strictObject({ 'hand-off': count })])
    .optional()
    .describe('one record after another (default), or handed to so many workers'),
  assign: z.array(z.string()).optional().describe('partitions such as orders-0, instead of a group subscription'),
  steps: z.array(consumerStep).optional().describe('exact steps instead of the loop'),
}

export const consumer: z.ZodType<RawConsumer> = z.strictObject({
  ...reader,
  commit: z.enum(['auto', 'before-processing', 'after-processing']).optional().describe('when it commits'),
  share: z.boolean().optional().describe('a member of a share group (KIP-932)'),
  acknowledge: z
    .strictObject({ release: share.optional(), reject: share.optional() })
    .optional()
    .describe('shares of the deliveries that a member of a share group releases or rejects instead of accepting'),
  handler: handler.describe(HANDLER.replace('%', 'the work that `process` stands for')),
})

export const processor: z.ZodType<RawProcessor> = z.strictObject({
  ...reader,
  config: configOf(STREAMS.table, { ...CONSUMER_NAMES, 'application.id': 'of Kafka Streams: the group' }).optional(),
  to: names.optional(),
  commit: z
    .union([
      z.enum(['auto', 'before-output', 'after-output', 'in-transaction']),
      z.strictObject({ 'two-phase': z.strictObject({ checkpoints: name.optional() }) }),
    ])
    .optional()
    .describe(
      'when it commits; two-phase: positions and the open transaction are kept in the checkpoints of a database',
    ),
  transform: z
    .union([
      z.literal('copy'),
      z.strictObject({ 'fan-out': count }),
      z.strictObject({ 'count-by-key': z.record(z.string(), z.unknown()) }),
    ])
    .optional()
    .describe('what it makes of a record, default copy'),
  'group-metadata': z.boolean().optional(),
  'rewind-on-abort': z.boolean().optional(),
  abort: share.optional(),
  handler: handler.describe(HANDLER.replace('%', 'transform')),
  streams: z.boolean().optional().describe('Kafka Streams’ rules; config takes its properties'),
})

export const store: z.ZodType<RawStore> = z.strictObject({
  kind: z.enum(['database', 'files', 'endpoint']).optional(),
  latency: spread.optional(),
  rows: count.optional().describe('of a database: what a source finds there'),
})

export const sink: z.ZodType<RawSink> = z.strictObject({
  ...reader,
  config: configOf({ ...CONSUMER.table, ...CONNECT_WORKER_CONFIG }, CONSUMER_NAMES).optional(),
  into: name.optional().describe('store'),
  commit: z
    .union([
      z.enum(['auto', 'before-output', 'after-output', 'with-output', 'two-phase']),
      z.strictObject({ 'two-phase': z.strictObject({ recover: z.boolean().optional() }) }),
    ])
    .optional()
    .describe(
      'when it commits; with-output: positions are kept in the store; two-phase: the store prepares, the group’s position decides',
    ),
  write: z
    .union([
      z.enum(['insert', 'upsert', 'increment', 'file', 'call']),
      z.strictObject({
        call: z.strictObject({ 'idempotency-key': z.enum(['none', 'record']).optional(), window: duration.optional() }),
      }),
      z.strictObject({ file: z.strictObject({ rename: z.boolean().optional() }) }),
    ])
    .optional()
    .describe(
      'how it writes, by the kind of the store; an endpoint may remember the record’s id as idempotency key for a window',
    ),
  fence: z.enum(['none', 'generation', 'offset']).optional(),
  deduplicate: z
    .union([
      z.literal('none'),
      z.strictObject({
        window: duration.optional(),
        separately: z.union([z.boolean(), z.enum(['before-output', 'after-output'])]).optional(),
      }),
    ])
    .optional()
    .describe('marks in a database which records are done, with the rows or separately, and leaves those out'),
  connect: z
    .union([z.boolean(), z.strictObject({ flush: z.enum(['put', 'pre-commit']).optional() })])
    .optional()
    .describe('Kafka Connect’s rules for sink tasks; what was put is permanent at once, or when preCommit flushes it'),
  handler: handler.describe(
    HANDLER.replace('instead of %', 'that says which records are written, and under which keys'),
  ),
})

export const source: z.ZodType<RawSource> = z.strictObject({
  ...application,
  config: configOf({ ...PRODUCER_CONFIG, ...CONNECT_SOURCE_CONFIG }).optional(),
  from: name.optional().describe('the database whose rows it publishes, in the order of their commits'),
  to: names.optional().describe('topic, or a list that is taken in turn'),
  every: spread.optional().describe('time between two polls, default 1s'),
  batch: count.optional().describe('most rows of one poll, default 100'),
})
