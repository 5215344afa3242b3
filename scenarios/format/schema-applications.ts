import { z } from 'zod'
import { PRODUCER_CONFIG } from '../../sim/kafka/protocol/config/producer.ts'
import type { RawConsumer, RawProcessor, RawProducer, RawSink, RawSource, RawStep, RawStore } from './raw.ts'
import { config, configOf, count, duration, moment, name, names, share, spread } from './schema-values.ts'

const application = {
  instances: count.optional().describe('number of instances, default 1'),
  start: duration.optional().describe('when it starts, default 0s'),
  stop: duration.optional(),
  profile: z.string().optional().describe('version of the client, default the scenario’s'),
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
    commit: z.strictObject({ 'on-unknown': z.literal('retry').optional() }).optional(),
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
  steps: z.array(step).optional().describe('exact steps instead of send'),
})

const reader = {
  ...application,
  from: names.optional(),
  process: spread.optional(),
  commit: z.string().optional(),
  'commit-every': z.union([z.enum(['poll', 'record']), count]).optional(),
  'commit-call': z.enum(['sync', 'async']).optional(),
  handling: z.union([z.literal('in-order'), z.strictObject({ 'hand-off': count })]).optional(),
  assign: z.array(z.string()).optional(),
  steps: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])).optional(),
}

export const consumer: z.ZodType<RawConsumer> = z.strictObject({ ...reader, share: z.boolean().optional() })

export const processor: z.ZodType<RawProcessor> = z.strictObject({
  ...reader,
  to: names.optional(),
  transform: z.union([z.literal('copy'), z.record(z.string(), z.unknown())]).optional(),
  'group-metadata': z.boolean().optional(),
  'rewind-on-abort': z.boolean().optional(),
  abort: share.optional(),
  handler: z.unknown().optional(),
  streams: z.boolean().optional(),
})

export const store: z.ZodType<RawStore> = z.strictObject({
  kind: z.enum(['database', 'files', 'endpoint']).optional(),
  latency: spread.optional(),
  rows: count.optional(),
})

export const sink: z.ZodType<RawSink> = z.strictObject({
  ...reader,
  into: name.optional(),
  write: z.union([z.string(), z.strictObject({ call: z.strictObject({ 'idempotency-key': z.string() }) })]).optional(),
  fence: z.enum(['none', 'generation', 'offset']).optional(),
  deduplicate: z
    .union([z.literal('none'), z.strictObject({ window: duration.optional(), separately: z.boolean().optional() })])
    .optional(),
  connect: z.boolean().optional(),
})

export const source: z.ZodType<RawSource> = z.strictObject({
  ...application,
  from: name.optional(),
  to: names.optional(),
})
