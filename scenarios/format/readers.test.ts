import { describe, expect, test } from 'vitest'
import type { ReaderSpec } from '../../sim/spec.ts'
import { BASE, load, marks, only, READING } from './fixture.test.helper.ts'
import { rawDocumentsOfText } from './raw-documents.ts'
import { BILLING, PLAIN, WITH_ALL } from './reading.test.helper.ts'
import { saveScenario } from './save.ts'

const billing = (text: string): ReturnType<typeof only>['spec']['consumers'][number] | undefined =>
  only(READING.replace(BILLING, text)).spec.consumers[0]

describe('defaults', () => {
  const { spec } = only(WITH_ALL)
  const shared = {
    instances: 1,
    startUs: 0,
    stopUs: null,
    process: { kind: 'constant', us: 1000 },
    commit: 'auto',
    commitEvery: 'poll',
    commitCall: 'sync',
    handling: { kind: 'in-order' },
    assign: null,
    profile: 'kafka-4.1',
  }

  test('of every application that reads', () => {
    expect(spec.consumers).toEqual([
      expect.objectContaining({ ...shared, name: 'billing', from: ['orders'], steps: null }),
    ])
    const [p] = spec.processors
    expect(p).toMatchObject({ ...shared, name: 'p', to: ['payments'], transform: { kind: 'copy' } })
    expect(spec.sinks).toEqual([
      expect.objectContaining({ ...shared, name: 'w', into: 'ledger', write: 'insert', fence: 'none' }),
    ])
    expect(spec.stores).toEqual([{ name: 'ledger', kind: 'database', latency: { kind: 'constant', us: 1000 } }])
  })

  test("of a consumer's settings", () => {
    expect(spec.consumers[0]?.config).toMatchObject({
      'group.id': 'b',
      'group.instance.id': '',
      'enable.auto.commit': true,
      'partition.assignment.strategy': 'range, cooperative-sticky',
      'session.timeout.ms': 45_000,
      'isolation.level': 'read_uncommitted',
    })
    expect(spec.processors[0]?.producerConfig).toMatchObject({ acks: 'all', 'enable.idempotence': true })
  })

  test('of old clients', () => {
    const old = billing(`{ from: orders, profile: kafka-2.8, config: { ${PLAIN} } }`)
    expect(old?.config).toMatchObject({ 'session.timeout.ms': 10_000, 'partition.assignment.strategy': 'range' })
    const text = WITH_ALL.replace('to: payments,', 'to: payments, profile: kafka-2.8,')
    expect(only(text).spec.processors[0]?.producerConfig).toMatchObject({
      acks: '1',
      'enable.idempotence': false,
    })
    expect(only(`${READING}profile: kafka-4.0\n`).spec.consumers[0]?.profile).toBe('kafka-4.0')
  })

  test('nothing of it is in a scenario without them', () => {
    const { spec: bare } = only(BASE)
    expect([bare.consumers, bare.processors, bare.stores, bare.sinks]).toEqual([[], [], [], []])
  })
})

describe('values', () => {
  test('of every key', () => {
    const text = `{ from: [orders, payments, orders], instances: 3, start: 5s, stop: 50s, process: { exponential: 4ms },
      commit: before-processing, commit-every: 7, commit-call: async, handling: { hand-off: 4 },
      config: { ${PLAIN}, group.instance.id: "b-\${instance}", partition.assignment.strategy: org.apache.kafka.clients.consumer.CooperativeStickyAssignor, group.protocol: CLASSIC, session.timeout.ms: 10s } }`
    expect(billing(text)).toMatchObject({
      from: ['orders', 'payments'],
      instances: 3,
      startUs: 5_000_000,
      stopUs: 50_000_000,
      process: { kind: 'exponential', meanUs: 4000 },
      commit: 'before-processing',
      commitEvery: 7,
      commitCall: 'async',
      handling: { kind: 'hand-off', workers: 4 },
      config: {
        'enable.auto.commit': false,
        'group.instance.id': 'b-${instance}',
        'partition.assignment.strategy': 'cooperative-sticky',
        'session.timeout.ms': 10_000,
      },
    })
    expect(billing(text)?.config).toMatchObject({ 'group.protocol': 'classic', 'group.remote.assignor': '' })
  })

  test('a group is taken as written', () => {
    expect(
      billing('{ from: orders, config: { group.id: 007, auto.offset.reset: earliest } }')?.config['group.id'],
    ).toBe('007')
  })

  test('assign stands for from, and needs no group', () => {
    const alone = billing('{ assign: [orders-1, payments-0], config: { auto.offset.reset: earliest } }')
    expect(alone).toMatchObject({
      from: ['orders', 'payments'],
      assign: [
        { topic: 'orders', partition: 1 },
        { topic: 'payments', partition: 0 },
      ],
      commit: 'auto',
    })
    // KIP-289: without a group nothing is committed by itself.
    expect(alone?.config).toMatchObject({ 'group.id': '', 'enable.auto.commit': false })
    const grouped = billing(`{ assign: [orders-1], commit: after-processing, config: { ${PLAIN} } }`)
    expect(grouped).toMatchObject({ commit: 'after-processing', config: { 'group.id': 'b' } })
  })

  test('steps', () => {
    const script = billing(`{ from: orders, config: { ${PLAIN}, enable.auto.commit: false }, steps: [
      { poll: 5 }, { seek: { orders-0: 0, orders-1: 3 } }, commit, { commit: { orders-0: 5 } }, { wait: 70s },
      pause, { pause: orders-0 }, { resume: [orders-0, orders-1] }, resume, wakeup, close ] }`)
    expect(script?.steps).toEqual([
      { do: 'poll', records: 5 },
      { do: 'seek', topic: 'orders', partition: 0, offset: 0 },
      { do: 'seek', topic: 'orders', partition: 1, offset: 3 },
      { do: 'commit', offsets: null },
      { do: 'commit', offsets: [{ topic: 'orders', partition: 0, offset: 5 }] },
      { do: 'wait', for: { kind: 'constant', us: 70_000_000 } },
      { do: 'pause', partitions: null },
      { do: 'pause', partitions: [{ topic: 'orders', partition: 0 }] },
      {
        do: 'resume',
        partitions: [
          { topic: 'orders', partition: 0 },
          { topic: 'orders', partition: 1 },
        ],
      },
      { do: 'resume', partitions: null },
      { do: 'wakeup' },
      { do: 'close' },
    ])
  })

  test("a processor's settings go where Kafka has them", () => {
    const settings = 'max.poll.records: 9, linger.ms: 3, request.timeout.ms: 20s, retry.backoff.ms: 7'
    const [p] = only(WITH_ALL.replace('{ group.id: p,', `{ ${settings}, group.id: p,`)).spec.processors
    expect(p?.config).toMatchObject({ 'max.poll.records': 9, 'request.timeout.ms': 20_000, 'retry.backoff.ms': 7 })
    expect(p?.producerConfig).toMatchObject({ 'linger.ms': 3, 'request.timeout.ms': 20_000, 'retry.backoff.ms': 7 })
    expect(p?.config).not.toHaveProperty('linger.ms')
    expect(p?.producerConfig).not.toHaveProperty('max.poll.records')
    expect(p?.producerConfig).not.toHaveProperty('group.id')
  })

  test('what switches off what is not simulated may be written', () => {
    const text = WITH_ALL.replace('to: payments,', 'to: payments, transform: { fan-out: 3 }, streams: false,')
      .replace('into: ledger,', 'into: ledger, deduplicate: none, connect: false, write: increment, fence: generation,')
      .replace('ledger: }', 'ledger: { kind: database, rows: 0, latency: { exponential: 5ms } } }')
      .replace(BILLING, BILLING.replace('{ from', '{ share: false, from'))
    const { processors, sinks, stores } = only(text).spec
    expect(processors[0]?.transform).toEqual({ kind: 'fan-out', count: 3 })
    expect(sinks[0]).toMatchObject({ write: 'increment', fence: 'generation' })
    expect(stores[0]?.latency).toEqual({ kind: 'exponential', meanUs: 5000 })
  })

  test('--set reaches them', () => {
    const set = ['consumers.billing.config.group.id=c', 'sinks.w.commit=with-output', 'stores.ledger.latency=2ms']
    const { consumers, sinks, stores } = only(WITH_ALL, { set }).spec
    expect(consumers[0]?.config['group.id']).toBe('c')
    expect(sinks[0]).toMatchObject({ commit: 'with-output', config: { 'enable.auto.commit': false } })
    expect(stores[0]?.latency).toEqual({ kind: 'constant', us: 2000 })
  })
})

describe('committing', () => {
  const auto = (reader: ReaderSpec | undefined): unknown => reader?.config['enable.auto.commit']

  test('by the application turns the automatic one off', () => {
    for (const commit of ['before-processing', 'after-processing']) {
      const reader = billing(`{ from: orders, commit: ${commit}, config: { ${PLAIN} } }`)
      expect([reader?.commit, auto(reader)]).toEqual([commit, false])
    }
  })

  test('an explicit automatic one stays, with a warning', () => {
    const text = `{ from: orders, commit: after-processing, config: { ${PLAIN}, enable.auto.commit: true } }`
    const file = load(READING.replace(BILLING, text))
    expect(file.diagnostics.map((each) => each.severity)).toEqual(['warning'])
    const reader = file.scenarios[0]?.spec.consumers[0]
    expect([reader?.commit, auto(reader)]).toEqual(['after-processing', true])
  })

  test('is automatic as long as Kafka says so', () => {
    expect(auto(billing(BILLING))).toBe(true)
    expect(auto(billing(`{ from: orders, commit: auto, config: { ${PLAIN}, enable.auto.commit: true } }`))).toBe(true)
  })
})

describe('brokers', () => {
  const replicas = (text: string): readonly unknown[] =>
    only(text).spec.cluster.brokers.map((broker) => broker['offsets.topic.replication.factor'])

  test("know how many replicas groups' offsets have", () => {
    expect(replicas(READING)).toEqual([3, 3, 3])
    const two = 'cluster: { brokers: 2, config: { offsets.topic.replication.factor: 1 } }\n'
    expect(replicas(`${READING}${two}`)).toEqual([1, 1])
    expect(replicas(`${READING}cluster: { brokers: 2 }\n`)).toEqual([2, 2])
    expect(replicas(`${READING}cluster: perfect\n`)).toEqual([1])
  })

  test('without groups need not be as many', () => {
    expect(marks(load(`${BASE}cluster: { brokers: 1 }\n`))).toEqual([])
    const alone = READING.replace(BILLING, '{ assign: [orders-0], config: { auto.offset.reset: earliest } }')
    expect(marks(load(`${alone}cluster: { brokers: 1 }\n`))).toEqual([])
  })

  test('the help of the warning mends it', () => {
    const [error] = load(`${READING}cluster: { brokers: 2 }\n`).diagnostics
    expect(error?.severity).toBe('warning')
    expect(error?.help).toContain('add `offsets.topic.replication.factor: 2` to `cluster.config`')
  })
})

describe('a .properties file', () => {
  const read =
    (files: Readonly<Record<string, string>>) =>
    (path: string): string | { readonly error: string } =>
      files[path] ?? { error: `${path} cannot be read` }

  test('configures consumers, sinks and processors', () => {
    const text = WITH_ALL.replace(
      'config: { group.id: p, auto.offset.reset: earliest }',
      'config: p.properties',
    ).replace('config: { group.id: w, auto.offset.reset: earliest }', 'config: w.properties')
    const readConfig = read({
      'p.properties': 'group.id=pp\nauto.offset.reset=earliest\nacks=all\nlinger.ms=4\nclient.id=a\n',
      'w.properties':
        'group.id=ww\nauto.offset.reset=earliest\nmax.poll.records=3\nlinger.ms=4\ngroup.protocol=classic\n',
    })
    const file = load(text, { readConfig })
    expect(file.diagnostics.map((each) => [each.severity, each.message])).toEqual([
      ['warning', 'the consumer and producer setting `client.id` is not simulated, so it is left out'],
      ['warning', "Kafka's consumer has no setting `linger.ms`, so it is left out"],
    ])
    const [p] = file.scenarios[0]?.spec.processors ?? []
    const [w] = file.scenarios[0]?.spec.sinks ?? []
    expect([p?.config['group.id'], p?.producerConfig['linger.ms']]).toEqual(['pp', 4])
    expect([w?.config['group.id'], w?.config['max.poll.records']]).toEqual(['ww', 3])
  })

  test('may take the consumer protocol', () => {
    const text = READING.replace(BILLING, '{ from: orders, config: b.properties }')
    const readConfig = read({
      'b.properties': `group.id=b\nauto.offset.reset=earliest\ngroup.protocol=consumer\ngroup.remote.assignor=range\n`,
    })
    const config = load(text, { readConfig }).scenarios[0]?.spec.consumers[0]?.config
    expect(config).toMatchObject({ 'group.protocol': 'consumer', 'group.remote.assignor': 'range' })
  })
})

describe('saving', () => {
  test('what is saved loads to the same scenario', () => {
    const text = WITH_ALL.replace('group.id: w,', 'group.id: 007,')
      .replace('to: payments,', 'to: payments, transform: { fan-out: 2 }, commit: after-output,')
      .replace(
        BILLING,
        `{ assign: [orders-0], steps: [ { poll: 5 }, { seek: { orders-0: 0 } }, close ], config: { ${PLAIN} } }`,
      )
    const [document] = rawDocumentsOfText('t.yaml', text, { set: [], profile: null })
    const saved = document === undefined ? '' : saveScenario(document.raw)
    expect(only(saved).spec).toEqual(only(text).spec)
    expect(saved).toContain('group.id: "007"')
    expect(saved).toContain('      - { seek: { orders-0: 0 } }\n')
  })
})
