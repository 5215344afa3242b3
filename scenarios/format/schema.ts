import { z } from 'zod'
import { TOPIC_CONFIG } from '../../sim/kafka/protocol/config/topic.ts'
import type { RawCampaign, RawPatch, RawReplay, RawScenario } from './raw.ts'
import { BROKER_CONFIG } from '../../sim/kafka/protocol/config/broker.ts'
import { consumer, processor, producer, sink, source, store } from './schema-applications.ts'
import { chaos, fault } from './schema-faults.ts'
import { configMap, configOf, count, duration, name, propertiesOf, spread } from './schema-values.ts'

const brokerConfig = configOf(BROKER_CONFIG, {
  'broker.rack': 'where the broker stands',
  'log.dirs': 'log directories, comma separated',
  'metadata.log.dir': 'the one of log.dirs with the metadata log',
})
const topic = propertiesOf(TOPIC_CONFIG, {
  partitions: 'default 1',
  'replication.factor': 'default 3, or the number of brokers',
})

const cluster = z.union([
  z.literal('perfect').describe('one broker that never fails, no latency'),
  z.strictObject({
    brokers: count.optional(),
    controllers: count.optional(),
    config: brokerConfig.optional(),
    each: z.record(z.string(), z.strictObject({ rack: name.optional(), config: brokerConfig.optional() })).optional(),
  }),
])

const network = z.strictObject({
  latency: spread.optional().describe('one way, between any two nodes; default { uniform: [200us, 2ms] }'),
  links: z.array(z.strictObject({ between: z.tuple([name, name]), latency: spread })).optional(),
})

const run = z.strictObject({
  for: duration.optional().describe('no new record starts after this; default 60s'),
  'then-heal': duration.optional().describe('longest healing'),
  runs: count.optional(),
  'max-events': count.optional(),
})

const expectation = z.union([
  z.enum(['holds', 'violated']),
  z.strictObject({ violated: z.union([z.string(), z.array(z.string())]) }),
])

const campaign: z.ZodType<RawCampaign> = z.strictObject({
  runs: count.optional().describe('runs of the whole campaign; default 20000'),
  quotas: z.array(z.string()).optional().describe('situations that must occur; default: all that apply'),
  share: z.string().optional().describe('in at least this share of runs; default 1%'),
  calibrate: z.array(z.string()).optional().describe('mutants that it must find'),
})

const replay: z.ZodType<RawReplay> = z.strictObject({
  version: z.string(),
  'run-seed': name,
  digest: name,
  signature: z.string().optional(),
  bases: z.record(z.string(), z.enum(['seeded', 'boring'])).optional(),
  overrides: z.array(z.tuple([z.string(), z.number(), z.number(), z.number()])).optional(),
})

const parts = {
  about: z.string().nullable().optional().describe('why the scenario exists'),
  seed: name.nullable().optional(),
  profile: z.union([z.string(), configMap]).nullable().optional().describe('version of Kafka, such as kafka-4.1'),
  tags: z.array(name).nullable().optional(),
  cluster: cluster.nullable().optional(),
  network: network.nullable().optional(),
  topics: z.record(z.string(), topic.nullable()).nullable().optional(),
  producers: z.record(z.string(), producer.nullable()).nullable().optional(),
  consumers: z.record(z.string(), consumer.nullable()).nullable().optional(),
  processors: z.record(z.string(), processor.nullable()).nullable().optional(),
  stores: z.record(z.string(), store.nullable()).nullable().optional(),
  sinks: z.record(z.string(), sink.nullable()).nullable().optional(),
  sources: z.record(z.string(), source.nullable()).nullable().optional(),
  faults: z.array(fault).nullable().optional(),
  chaos: chaos.nullable().optional().describe('faults drawn by the generator'),
  run: run.nullable().optional(),
  cover: z.array(z.string()).nullable().optional().describe('moments that must occur in some run'),
  expect: z
    .record(z.string(), expectation.nullable())
    .nullable()
    .optional()
    .describe('[subject:][stage/]guarantee: holds, violated, or { violated: kind }'),
  void: z.record(z.string(), z.string().nullable()).nullable().optional(),
}

const patch: z.ZodType<RawPatch> = z.strictObject(parts)

/** The structure of a scenario file. What its values mean is checked where they are resolved. */
export const SCENARIO_SCHEMA: z.ZodType<RawScenario> = z.strictObject({
  scenario: name.describe('title'),
  ...parts,
  variants: z
    .record(z.string(), patch)
    .optional()
    .describe('the same scenario with a patch: deep merge, lists replace, null removes'),
  campaign: campaign.nullable().optional().describe('what `twiceshy campaign` must reach'),
  replay: replay.optional().describe('written into saved counterexamples'),
})

/** JSON Schema 2020-12 of a scenario file, for editors. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(SCENARIO_SCHEMA, { io: 'input', target: 'draft-2020-12', reused: 'ref' })
  return { title: 'twiceshy scenario, version 1', ...schema }
}
