import { CONSUMER_CONFIG, type ConsumerConfig } from './kafka/protocol/config/consumer.ts'
import { PRODUCER_CONFIG, type ProducerConfig } from './kafka/protocol/config/producer.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND } from './kernel/time.ts'
import type { ConsumerSpec, ProcessorSpec, ReaderSpec, SinkSpec, StoreSpec } from './spec.ts'

function reader(name: string, from: string, config: Partial<ConsumerConfig>): ReaderSpec {
  const defaults = Object.fromEntries(
    Object.entries(CONSUMER_CONFIG).map(([key, definition]) => [key, definition.default]),
  ) as unknown as ConsumerConfig
  return {
    name,
    from: [from],
    instances: 1,
    startUs: 0,
    stopUs: null,
    process: constant(MILLISECOND),
    commitEvery: 'poll',
    commitCall: 'sync',
    handling: { kind: 'in-order' },
    assign: null,
    profile: 'kafka-4.1',
    config: {
      ...defaults,
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': false,
      'group.id': name,
      'group.instance.id': '',
      'partition.assignment.strategy': 'range,cooperative-sticky',
      // Short, so that a take-over takes seconds.
      'session.timeout.ms': 6000,
      'heartbeat.interval.ms': 1000,
      'max.poll.interval.ms': 20_000,
      ...config,
    },
  }
}

export function consumer(
  name: string,
  from: string,
  overrides: Partial<ConsumerSpec> = {},
  config: Partial<ConsumerConfig> = {},
): ConsumerSpec {
  return { ...reader(name, from, config), commit: 'after-processing', steps: null, ...overrides }
}

export function processor(
  name: string,
  from: string,
  to: string,
  overrides: Partial<ProcessorSpec> = {},
  config: Partial<ConsumerConfig> = {},
): ProcessorSpec {
  const producerConfig = Object.fromEntries([
    ...Object.entries(PRODUCER_CONFIG).map(([key, definition]) => [key, definition.default]),
    ['transactional.id', ''],
  ]) as unknown as ProducerConfig
  return {
    ...reader(name, from, config),
    to: [to],
    commit: 'after-output',
    transform: { kind: 'copy' },
    transactions: null,
    producerConfig,
    ...overrides,
  }
}

export function sink(
  name: string,
  from: string,
  into: string,
  overrides: Partial<SinkSpec> = {},
  config: Partial<ConsumerConfig> = {},
): SinkSpec {
  return {
    ...reader(name, from, config),
    into,
    commit: 'after-output',
    write: 'insert',
    fence: 'none',
    deduplicate: null,
    idempotencyKey: null,
    rename: true,
    connect: null,
    ...overrides,
  }
}

export function store(name: string, overrides: Partial<StoreSpec> = {}): StoreSpec {
  return { name, kind: 'database', latency: constant(MILLISECOND), ...overrides }
}
