import { describe, expect, test } from 'vitest'
import { INT_MAX, NEVER } from '../../sim/kafka/protocol/config/definition.ts'
import { defineScenario } from '../define.ts'
import { BASE, load, marks, only, OPTIONS } from './fixture.test.helper.ts'
import { loadScenarioValue } from './load.ts'

describe('defaults', () => {
  const scenario = only(BASE)

  test('of the file', () => {
    expect(scenario).toMatchObject({
      title: 'base',
      seed: '1',
      variant: null,
      runs: 1,
      about: null,
      chaos: null,
      replay: null,
    })
    expect(scenario.spec.profile.base).toBe('kafka-4.1')
    expect(scenario.spec.run).toEqual({ forUs: 60_000_000, thenHealUs: null, maxEvents: 5_000_000 })
    expect(scenario.spec.network).toEqual({ latency: { kind: 'uniform', minUs: 200, maxUs: 2000 }, links: [] })
  })

  test('of the cluster and its topics', () => {
    expect(scenario.spec.cluster.brokers).toHaveLength(3)
    expect(scenario.spec.cluster.brokers[0]?.['replica.lag.time.max.ms']).toBe(30_000)
    expect(scenario.spec.topics).toEqual([
      expect.objectContaining({ name: 'orders', partitions: 2, replicationFactor: 3 }),
    ])
    expect(only(BASE.replace('topics:', 'cluster: { brokers: 2 }\ntopics:')).spec.topics[0]?.replicationFactor).toBe(2)
  })

  test('of a producer', () => {
    const producer = scenario.spec.producers[0]
    expect(producer).toMatchObject({
      name: 'checkout',
      to: ['orders'],
      instances: 1,
      startUs: 0,
      stopUs: null,
      onUnknown: 'give-up',
    })
    expect(producer?.workload).toEqual({
      kind: 'send',
      records: 100,
      every: { kind: 'constant', us: 10_000 },
      keys: 0,
      size: 100,
      transactions: null,
    })
    expect(producer?.config).toMatchObject({
      acks: 'all',
      'enable.idempotence': true,
      retries: INT_MAX,
      'linger.ms': 5,
    })
  })

  test('an expectation without a stage is end-to-end where there are stages', () => {
    expect(scenario.expect[0]).toMatchObject({
      guarantee: 'exactly-once',
      stage: 'end-to-end',
      subject: null,
      kinds: [],
    })
    const other = only(BASE.replace('exactly-once: holds', '"orders:durability": { violated: lost-acked-write }'))
    expect(other.expect[0]).toMatchObject({
      stage: null,
      subject: 'orders',
      expected: 'violated',
      kinds: ['lost-acked-write'],
    })
    expect(other.expect[0]?.span).toMatchObject({ line: 5, column: 11 })
  })
})

describe('values', () => {
  test('a seed, names and ids are taken as written', () => {
    const text = `scenario: 12
seed: 00123
topics: { 007: }
producers:
  p:
    steps: [ { send: { id: 010, to: 007, key: 1.50, value: null, timestamp: -1d } }, { send: { to: 007 } }, flush, { wait: 1m30s } ]
expect: { p:publish/exactly-once: holds }
`
    const scenario = only(text)
    expect([scenario.title, scenario.seed]).toEqual(['12', '00123'])
    const workload = scenario.spec.producers[0]?.workload
    expect(workload).toEqual({
      kind: 'steps',
      steps: [
        { do: 'send', id: '010', to: '007', partition: null, key: '1.50', value: null, timestampUs: -86_400_000_000 },
        { do: 'send', id: '1', to: '007', partition: null, key: null, value: '1', timestampUs: null },
        { do: 'flush' },
        { do: 'wait', for: { kind: 'constant', us: 90_000_000 } },
      ],
    })
  })

  test('a step waits for a moment', () => {
    const scenario = only(
      BASE.replace(
        '{ to: orders }',
        '{ to: orders, steps: [ send: {id: a}, wait: { moment: produce.acked, record: checkout#0/a } ] }',
      ),
    )
    const workload = scenario.spec.producers[0]?.workload
    expect(workload?.kind === 'steps' && workload.steps[1]).toEqual({
      do: 'wait-moment',
      match: { moment: 'produce.acked', fields: { record: 'checkout#0/a' } },
    })
  })

  test("Kafka's ms settings take milliseconds and durations; its never is never", () => {
    const config = 'config: { linger.ms: 20, request.timeout.ms: 1s, max.block.ms: 9223372036854775807, acks: -1 }'
    expect(only(BASE.replace('{ to: orders }', `{ to: orders, ${config} }`)).spec.producers[0]?.config).toMatchObject({
      'linger.ms': 20,
      'request.timeout.ms': 1000,
      'max.block.ms': NEVER,
      acks: 'all',
    })
  })

  test('a topic falls back to the brokers, a broker to the cluster', () => {
    const cluster = `cluster: { config: { min.insync.replicas: 2, message.max.bytes: 5000 }, each: { broker-2: { config: { replica.lag.time.max.ms: 10s } }, controller-1: { config: { broker.session.timeout.ms: 5s } } } }\n`
    const { spec } = only(`${cluster}${BASE}`)
    expect(spec.topics[0]?.config).toMatchObject({ 'min.insync.replicas': 2, 'max.message.bytes': 5000 })
    expect(spec.cluster.brokers.map((broker) => broker['replica.lag.time.max.ms'])).toEqual([30_000, 10_000, 30_000])
    expect(spec.cluster.controllerConfig['broker.session.timeout.ms']).toBe(5000)
    expect(spec.cluster.brokers[0]?.['broker.session.timeout.ms']).toBe(9000)
  })

  test('an old client has the defaults of its time', () => {
    const { config } =
      only(BASE.replace('{ to: orders }', '{ to: orders, profile: kafka-2.8 }')).spec.producers[0] ?? {}
    expect(config).toMatchObject({ acks: '1', 'enable.idempotence': false, 'linger.ms': 0 })
    const asked = only(
      BASE.replace('{ to: orders }', '{ to: orders, profile: kafka-2.8, config: { enable.idempotence: true } }'),
    )
    expect(asked.spec.producers[0]?.config).toMatchObject({ acks: 'all', 'enable.idempotence': true })
  })

  test('a profile with a switch', () => {
    const { profile } = only(`profile: { base: kafka-4.1, eligible.leader.replicas.version: 0 }\n${BASE}`).spec
    expect(profile).toMatchObject({ base: 'kafka-4.1', 'eligible.leader.replicas.version': 0 })
    expect(only(BASE, { profile: 'kafka-4.0' }).spec.profile.base).toBe('kafka-4.0')
  })

  test('a perfect cluster', () => {
    const text = BASE.replace('partitions: 2', 'replication.factor: 3, min.insync.replicas: 2')
    const { spec } = only(`cluster: perfect\n${text}`)
    expect(spec.cluster).toMatchObject({ perfect: true, controllers: 1 })
    expect(spec.cluster.brokers).toHaveLength(1)
    expect(spec.topics[0]).toMatchObject({ replicationFactor: 1, config: { 'min.insync.replicas': 1 } })
    expect(spec.network.latency).toEqual({ kind: 'constant', us: 0 })
    expect(only(`cluster: perfect\nnetwork: { latency: 1ms }\n${text}`).spec.network.latency).toEqual({
      kind: 'constant',
      us: 1000,
    })
  })
})

describe('what Kafka makes of a configuration', () => {
  const producer = (config: string): ReturnType<typeof load> =>
    load(BASE.replace('{ to: orders }', `{ to: orders, config: { ${config} } }`))

  test('acks or retries silently turn idempotence off', () => {
    for (const config of ['acks: 1', 'acks: 0', 'retries: 0']) {
      const file = producer(config)
      expect(marks(file)).toEqual([`CONFIG_SURPRISE 4:${config.indexOf(':') + 39}`])
      expect(file.scenarios[0]?.spec.producers[0]?.config['enable.idempotence']).toBe(false)
    }
    expect(producer('acks: 1, enable.idempotence: false').diagnostics).toEqual([])
  })

  test('a delivery timeout that is not written is raised', () => {
    const file = producer('request.timeout.ms: 200s')
    expect(file.scenarios[0]?.spec.producers[0]?.config['delivery.timeout.ms']).toBe(200_005)
    expect(file.diagnostics.map((each) => each.severity)).toEqual(['warning'])
  })

  test('the reconnect backoff is constant when only its start is written', () => {
    expect(
      producer('reconnect.backoff.ms: 200').scenarios[0]?.spec.producers[0]?.config['reconnect.backoff.max.ms'],
    ).toBe(200)
  })
})

describe('runs', () => {
  const runs = (extra: string, base = BASE): number => only(`${base}${extra}`).runs

  test('100 when the plan or the workload draws anything', () => {
    expect(runs('faults: [ { at: { uniform: [1s, 2s] }, crash: broker-1 } ]')).toBe(100)
    expect(runs('faults: [ { at: 1s, crash: follower(orders-0) } ]')).toBe(100)
    expect(runs('faults: [ { at: 1s, crash: { any: [broker-1, broker-2] } } ]')).toBe(100)
    expect(runs('faults: [ { between: [1s, 2s], crash: broker-1 } ]')).toBe(100)
    expect(runs('chaos: {}')).toBe(100)
    expect(runs('', BASE.replace('{ to: orders }', '{ to: orders, send: { every: { exponential: 5ms } } }'))).toBe(100)
  })

  test('1 otherwise: latency does not count', () => {
    expect(runs('network: { latency: { exponential: 3ms } }')).toBe(1)
    expect(runs('faults: [ { at: 1s, crash: leader(orders-0), for: 2s } ]')).toBe(1)
    expect(runs('run: { runs: 7 }\nchaos: {}')).toBe(7)
  })
})

describe('variants', () => {
  const text = `scenario: variants
topics: { orders: { partitions: 2 } }
producers:
  checkout: { to: orders, send: { records: 5, keys: 3 }, config: { acks: 1, enable.idempotence: false, retries: 3 } }
faults: [ { at: 1s, crash: broker-1 } ]
expect: { exactly-once: { violated: lost-record }, progress: holds }
variants:
  all: { producers: { checkout: { config: { acks: all } } }, expect: { exactly-once: holds } }
  calm: { faults: [], producers: { checkout: { config: { retries: null } } } }
`

  test('merge maps, replace lists, remove with null', () => {
    const { scenarios, diagnostics } = load(text)
    expect(diagnostics).toEqual([])
    expect(scenarios.map((each) => each.variant)).toEqual([null, 'all', 'calm'])
    const [base, all, calm] = scenarios
    expect(base?.spec.producers[0]?.config).toMatchObject({ acks: '1', retries: 3 })
    expect(all?.spec.producers[0]?.config).toMatchObject({ acks: 'all', retries: 3, 'enable.idempotence': false })
    expect(all?.spec.producers[0]?.workload).toMatchObject({ records: 5, keys: 3 })
    expect(calm?.spec.producers[0]?.config.retries).toBe(INT_MAX)
    expect([base?.faults.length, all?.faults.length, calm?.faults.length]).toEqual([1, 1, 0])
  })

  test("a variant's expect replaces the base's; without one the base's is used", () => {
    const [, all, calm] = load(text).scenarios
    expect(all?.expect.map((each) => each.guarantee)).toEqual(['exactly-once'])
    expect(calm?.expect.map((each) => each.guarantee)).toEqual(['exactly-once', 'progress'])
  })

  test('a base without expect is not judged', () => {
    const bare = text.replace(/^expect: .*\n/m, '').replace(/^ {2}calm: .*\n/m, '')
    expect(load(bare).scenarios.map((each) => each.variant)).toEqual(['all'])
    expect(marks(load(text.replace(/^expect: .*\n/m, '')))).toEqual(['NOTHING_JUDGED 8:3'])
    expect(marks(load(BASE.replace(/^expect.*\n/m, '')))).toEqual(['NOTHING_JUDGED 1:1'])
  })

  test('a mistake in the base is said once, however many variants repeat it', () => {
    expect(marks(load(text.replace('acks: 1', 'acks: 2')))).toEqual(['VALUE 4:74'])
  })

  test('removing what is not there, and keys that belong to the file', () => {
    expect(marks(load(text.replace('retries: null', 'retires: null')))).toEqual(['REMOVES_NOTHING 9:67'])
    expect(marks(load(text.replace('faults: []', 'replay: {}')))).toContain('UNKNOWN_KEY 9:11')
  })
})

describe('--set', () => {
  test('reaches settings with dots in their names', () => {
    const { spec, seed } = only(BASE, {
      set: [
        'producers.checkout.config.acks=all',
        'producers.checkout.send.records=7',
        'topics.orders.min.insync.replicas=2',
        'cluster.each.broker-2.config.replica.lag.time.max.ms=9s',
        'seed=007',
        'profile.eligible.leader.replicas.version=0',
      ],
    })
    expect(spec.producers[0]?.workload).toMatchObject({ records: 7 })
    expect(spec.topics[0]?.config['min.insync.replicas']).toBe(2)
    expect(spec.cluster.brokers[1]?.['replica.lag.time.max.ms']).toBe(9000)
    expect(spec.profile['eligible.leader.replicas.version']).toBe(0)
    expect(seed).toBe('007')
  })

  test('a topic with dots in its name', () => {
    const { spec } = only(BASE.replaceAll('orders', 'orders.v1'), { set: ['topics.orders.v1.min.insync.replicas=2'] })
    expect(spec.topics).toHaveLength(1)
    expect(spec.topics[0]?.config['min.insync.replicas']).toBe(2)
  })

  test('wins over a variant, and reaches lists and variants themselves', () => {
    const text = `${BASE}faults: [ { at: 1s, crash: broker-1 } ]\nvariants: { v: { seed: 5 } }\n`
    expect(
      load(text, { set: ['seed=9', 'faults.0.for=3s'] }).scenarios.map((each) => [each.seed, each.faults[0]?.for]),
    ).toEqual([
      ['9', { kind: 'constant', us: 3_000_000 }],
      ['9', { kind: 'constant', us: 3_000_000 }],
    ])
    expect(load(text, { set: ['variants.v.seed=8'] }).scenarios.map((each) => each.seed)).toEqual(['1', '8'])
  })

  test('mistakes name the flag', () => {
    expect(load(BASE, { set: ['seed'] }).diagnostics[0]?.message).toContain('--set seed')
    const named = `profile: kafka-4.0\n${BASE}`
    const { profile } = only(named, { set: ['profile.transaction.version=1'] }).spec
    expect(profile).toMatchObject({ base: 'kafka-4.0', 'transaction.version': 1 })
    expect(load(BASE, { set: ['scenario.x=1'] }).diagnostics.map((each) => each.code)).toContain('TWICESHY_SET')
    const [unknown] = load(BASE, { set: ['producers.checkout.config.ackz=1'] }).diagnostics
    expect(unknown).toMatchObject({ code: 'TWICESHY_UNKNOWN_CONFIG', spans: [], help: 'did you mean `acks`?' })
    expect(unknown?.message).toContain('--set producers.checkout.config.ackz=1')
    expect(load(BASE, { profile: 'kafka-9' }).diagnostics[0]?.message).toContain('--profile kafka-9')
  })
})

describe('modules', () => {
  const value = defineScenario({
    scenario: 'from a module',
    topics: { orders: { partitions: 1 } },
    producers: { checkout: { to: 'orders', config: { acks: 'all' } } },
    expect: { 'exactly-once': 'holds' },
  })

  test('load like a file', () => {
    const file = loadScenarioValue('a.mjs', value, OPTIONS)
    expect(file.diagnostics).toEqual([])
    expect(file.scenarios[0]?.spec).toEqual(only(BASE.replace('partitions: 2', 'partitions: 1')).spec)
  })

  test('are checked like a file, without places', () => {
    const bad: unknown = { ...value, producers: { checkout: { to: 'order', handler: () => 1 } } }
    const file = loadScenarioValue('a.mjs', bad, OPTIONS)
    expect(file.scenarios).toEqual([])
    expect(marks(file)).toEqual(['NOT_DATA', 'UNKNOWN_TOPIC'])
  })

  test('that export something else', () => {
    const circle: Record<string, unknown> = { scenario: 'x' }
    circle['topics'] = circle
    const throwing = {
      get scenario(): string {
        throw new Error('boom')
      },
    }
    for (const bad of [null, 5, [], undefined, () => 1, circle, throwing]) {
      expect(loadScenarioValue('a.mjs', bad, OPTIONS).diagnostics.length).toBeGreaterThan(0)
    }
  })
})

test('lines may end in CRLF, and the file may begin with a byte order mark', () => {
  const crlf = load(`${BASE}tpics: {}\n`.replaceAll('\n', '\r\n'))
  expect(marks(crlf)).toEqual(['UNKNOWN_KEY 6:1'])
  expect(load(`\ufeff${BASE}`).diagnostics).toEqual([])
  expect(marks(load(`\ufeff${BASE}tpics: {}\n`))).toEqual(['UNKNOWN_KEY 6:1'])
})

test('a recording belongs to the file, not to its variants', () => {
  const replay = 'replay: { version: 0.1.0, run-seed: 1/5, digest: 12ab, overrides: [ [latency, 1, -2, 3] ] }'
  const { scenarios } = load(`${BASE}${replay}\nvariants: { v: { seed: 2 } }\n`)
  expect(scenarios.map((each) => each.replay)).toEqual([
    { version: '0.1.0', runSeed: '1/5', digest: '12ab', signature: '', bases: {}, overrides: [['latency', 1, -2, 3]] },
    null,
  ])
  expect(
    marks(load(`${BASE}replay: { version: 0.1.0, run-seed: 1/5, digest: x, overrides: [ [latency, 1] ] }\n`)),
  ).toEqual(['TYPE 6:66'])
})

test("a cluster's clients are of its age, where there are such", () => {
  const profiles = (profile: string): unknown =>
    only(`${BASE}profile: ${profile}\n`).spec.producers.map((producer) => producer.profile)
  expect(profiles('kafka-4.0')).toEqual(['kafka-4.0'])
  expect(profiles('{ base: kafka-4.0, eligible.leader.replicas.version: 1 }')).toEqual(['kafka-4.0'])
  expect(profiles('kafka-4.1')).toEqual(['kafka-4.1'])
})

test("a client's profile may have switches, which only differ from its base where they are written", () => {
  const profile = (written: string, set: readonly string[] = []): unknown =>
    only(BASE.replace('{ to: orders }', `{ to: orders, profile: ${written} }`), { set }).spec.producers[0]?.profile
  expect(profile('{ base: kafka-2.8 }')).toBe('kafka-2.8')
  expect(profile('{ retry.partition: choose-again }')).toEqual({
    base: 'kafka-4.1',
    switches: { 'retry.partition': 'choose-again' },
  })
  const argument = 'producers.checkout.profile.sequence.on-error=give-back'
  expect(profile('{ base: kafka-4.0, epoch.memory: producer }', [argument])).toEqual({
    base: 'kafka-4.0',
    switches: { 'epoch.memory': 'producer', 'sequence.on-error': 'give-back' },
  })
})

test("how many batches a partition remembers is the cluster's switch", () => {
  const { profile } = only(`profile: { base: kafka-4.1, producer.state.batches: 1 }\n${BASE}`).spec
  expect(profile['producer.state.batches']).toBe(1)
})
