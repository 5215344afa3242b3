import { describe, expect, test } from 'vitest'
import { M, matchableFields, momentOfKind } from '../../sim/history/catalogue.ts'
import type { ProcessorSpec, ReaderSpec } from '../../sim/spec.ts'
import { CATALOGUE } from './catalogue.test.helper.ts'
import { BASE, load, loadReading, marks, onlyReading, READING } from './fixture.test.helper.ts'
import { rawDocumentsOfText } from './raw-documents.ts'
import { READERS_SIMULATED } from './readers-simulated.ts'
import { saveScenario } from './save.ts'
import { GUARANTEES } from './vocabulary.ts'
import { writeTarget } from './write-fault.ts'

const BILLING = '{ from: orders, config: { group.id: b, auto.offset.reset: earliest } }'
const PLAIN = 'group.id: b, auto.offset.reset: earliest'
const WITH_ALL = `${READING}processors:
  p: { from: orders, to: payments, config: { group.id: p, auto.offset.reset: earliest } }
stores: { ledger: }
sinks:
  w: { from: payments, into: ledger, config: { group.id: w, auto.offset.reset: earliest } }
`
const billing = (text: string): ReturnType<typeof onlyReading>['spec']['consumers'][number] | undefined =>
  onlyReading(READING.replace(BILLING, text)).spec.consumers[0]

describe('defaults', () => {
  const { spec } = onlyReading(WITH_ALL)
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
    expect(onlyReading(text).spec.processors[0]?.producerConfig).toMatchObject({
      acks: '1',
      'enable.idempotence': false,
    })
    expect(onlyReading(`${READING}profile: kafka-4.0\n`).spec.consumers[0]?.profile).toBe('kafka-4.0')
  })

  test('nothing of it is in a scenario without them', () => {
    const { spec: bare } = onlyReading(BASE)
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
    expect(billing(text)?.config).not.toHaveProperty('group.protocol')
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
      { poll: 5 }, { seek: { orders-0: 0, orders-1: 3 } }, commit, { commit: { orders-0: 5 } }, { wait: 70s }, close ] }`)
    expect(script?.steps).toEqual([
      { do: 'poll', records: 5 },
      { do: 'seek', topic: 'orders', partition: 0, offset: 0 },
      { do: 'seek', topic: 'orders', partition: 1, offset: 3 },
      { do: 'commit', offsets: null },
      { do: 'commit', offsets: [{ topic: 'orders', partition: 0, offset: 5 }] },
      { do: 'wait', for: { kind: 'constant', us: 70_000_000 } },
      { do: 'close' },
    ])
  })

  test("a processor's settings go where Kafka has them", () => {
    const settings = 'max.poll.records: 9, linger.ms: 3, request.timeout.ms: 20s, retry.backoff.ms: 7'
    const [p] = onlyReading(WITH_ALL.replace('{ group.id: p,', `{ ${settings}, group.id: p,`)).spec.processors
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
    const { processors, sinks, stores } = onlyReading(text).spec
    expect(processors[0]?.transform).toEqual({ kind: 'fan-out', count: 3 })
    expect(sinks[0]).toMatchObject({ write: 'increment', fence: 'generation' })
    expect(stores[0]?.latency).toEqual({ kind: 'exponential', meanUs: 5000 })
  })

  test('--set reaches them', () => {
    const set = ['consumers.billing.config.group.id=c', 'sinks.w.commit=with-output', 'stores.ledger.latency=2ms']
    const { consumers, sinks, stores } = onlyReading(WITH_ALL, { set }).spec
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
    const file = loadReading(READING.replace(BILLING, text))
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
    onlyReading(text).spec.cluster.brokers.map(
      (broker) => (broker as unknown as Readonly<Record<string, unknown>>)['offsets.topic.replication.factor'],
    )

  test("know how many replicas groups' offsets have", () => {
    expect(replicas(READING)).toEqual([3, 3, 3])
    const two = 'cluster: { brokers: 2, config: { offsets.topic.replication.factor: 1 } }\n'
    expect(replicas(`${READING}${two}`)).toEqual([1, 1])
    expect(replicas(`${READING}cluster: perfect\n`)).toEqual([1])
  })

  test('without groups need not be as many', () => {
    expect(marks(loadReading(`${BASE}cluster: { brokers: 1 }\n`))).toEqual([])
    const alone = READING.replace(BILLING, '{ assign: [orders-0], config: { auto.offset.reset: earliest } }')
    expect(marks(loadReading(`${alone}cluster: { brokers: 1 }\n`))).toEqual([])
  })

  test('the help of the error mends it', () => {
    const [error] = loadReading(`${READING}cluster: { brokers: 2 }\n`).diagnostics
    expect(error?.help).toContain('add `offsets.topic.replication.factor: 2` to `cluster.config`')
  })
})

describe('faults', () => {
  const faults = (text: string): ReturnType<typeof onlyReading>['faults'] =>
    onlyReading(`${WITH_ALL}faults: [ { ${text} } ]\n`).faults
  const target = (text: string): unknown => {
    const [fault] = faults(`at: 1s, crash: ${text}`)
    return fault?.action.kind === 'crash' ? fault.action.target : null
  }

  test('targets', () => {
    expect(target('billing')).toEqual({ kind: 'application', name: 'billing' })
    expect(target('w#0')).toEqual({ kind: 'node', name: 'w#0' })
    expect(target('ledger')).toEqual({ kind: 'node', name: 'ledger' })
    expect(target('stores')).toEqual({ kind: 'role', role: 'stores' })
    expect(target('group-coordinator(b)')).toEqual({ kind: 'group-coordinator', group: 'b' })
    expect(target('{ any: [group-coordinator(w), ledger] }')).toMatchObject({ kind: 'any', of: [{ group: 'w' }, {}] })
    expect(writeTarget({ kind: 'group-coordinator', group: 'b' })).toBe('group-coordinator(b)')
  })

  test('applications and stores fail in a perfect cluster too', () => {
    for (const text of ['crash: ledger', 'pause: stores', 'stop: billing', 'crash: { any: [w, ledger] }']) {
      expect(marks(loadReading(`${WITH_ALL}cluster: perfect\nfaults: [ { at: 1s, ${text} } ]\n`))).toEqual([])
    }
  })

  test('every step of an application that reads', () => {
    const whole = WITH_ALL.replace(
      'from: orders, config: { group.id: b',
      'from: orders, commit: after-processing, config: { group.id: b',
    )
      .replace('to: payments,', 'to: payments, commit: before-output,')
      .replace('into: ledger,', 'into: ledger, commit: with-output,')
    for (const name of ['billing', 'p#0', 'w']) {
      for (const step of ['before-output', 'after-output', 'before-commit', 'after-commit']) {
        const text = `${whole}faults: [ { fail: { target: ${name}, step: ${step}, nth: 500 } } ]\n`
        expect(onlyReading(text).faults[0]?.trigger).toEqual({ kind: 'fail', step, nth: 500 })
      }
    }
  })

  test('messages and links to a store', () => {
    const [delay] = faults('at: 1s, delay: { from: w, to: ledger, api: StoreWrite, by: 5s }')
    expect(delay?.action).toMatchObject({ api: 'StoreWrite', to: { kind: 'node', name: 'ledger' } })
    const [reply] = faults('at: 1s, drop: { from: ledger, to: w, reply: true }')
    expect(reply?.action).toMatchObject({ from: { name: 'ledger' }, to: { name: 'w' } })
    const link =
      'network: { links: [ { between: [w#0, ledger], latency: 20ms }, { between: [billing#0, broker-1], latency: 1ms } ] }'
    expect(onlyReading(`${WITH_ALL}${link}\n`).spec.network.links.map((each) => each.between)).toEqual([
      ['w#0', 'ledger'],
      ['billing#0', 'broker-1'],
    ])
    expect(marks(loadReading(`${READING}faults: [ { at: 1s, drop: { api: StoreWrite } } ]\n`))).toEqual(['VALUE 6:34'])
  })

  test('moments of groups have names and fields', () => {
    const [fault] = faults('when: { moment: effect.applied, store: ledger, record: p#0/7, topic: payments }, crash: w')
    expect(fault?.trigger).toMatchObject({
      match: { moment: 'effect.applied', fields: { store: 'ledger', record: 'p#0/7' } },
    })
    expect(faults('when: { moment: offset.committed, group: b, member: billing#0 }, crash: broker-1')).toHaveLength(1)
    expect(onlyReading(`${READING}cover: [group.rebalanced, partition.lost]\n`).cover).toHaveLength(2)
  })

  test('every moment of groups that the catalogue has may be named, whether it is listed yet or not', () => {
    const kinds: readonly number[] = [M.offsetCommitted, M.recordDelivered, M.effectApplied, M.stepBeforeCommit]
    const moments = kinds.flatMap((kind) => momentOfKind(kind) ?? [])
    const names = moments.map(({ name }) => name)
    const momentFields = Object.fromEntries(moments.map((moment) => [moment.name, matchableFields(moment)]))
    const fault = 'fail: { target: billing, step: before-output }'
    const text = `${READING}faults: [ { ${fault} } ]\ncover: [${names.join(', ')}]\n`
    expect(onlyReading(text).cover).toEqual(names)
    expect(onlyReading(text, { moments: names, momentFields }).cover).toEqual(names)
  })
})

describe('expectations', () => {
  const expected = (text: string, whole = WITH_ALL): readonly unknown[] =>
    onlyReading(whole.replace('{ exactly-once: holds }', text)).expect.map(({ subject, stage, guarantee, kinds }) =>
      [subject ?? '', stage ?? '', guarantee, ...kinds].join(' '),
    )

  test('effects are judged of those who read, the log of those who publish', () => {
    expect(
      expected(
        '{ billing:consume/at-least-once: { violated: lost-effect }, w:exactly-once: { violated: [lost-record, duplicate-effect] }, p:exactly-once: holds, p:publish/at-most-once: holds, checkout:publish/exactly-once: holds, consume/exactly-once: holds }',
      ),
    ).toEqual([
      'billing consume at-least-once lost-effect',
      'w end-to-end exactly-once lost-record duplicate-effect',
      'p end-to-end exactly-once',
      'p publish at-most-once',
      'checkout publish exactly-once',
      ' consume exactly-once',
    ])
  })

  test('what nobody reads ends at the log', () => {
    const text = READING.replace('producers: {', 'producers: { audit: { to: payments },')
    expect(expected('{ audit:exactly-once: holds }', text)).toEqual(['audit end-to-end exactly-once'])
  })

  test('guarantees about readers', () => {
    expect(
      expected(
        '{ no-ghosts: holds, billing:order-per-key: { violated: reordered-effects }, offset-safety: holds, w:single-owner: holds, fencing: { violated: zombie-commit }, progress: { violated: stuck-group }, p:outcome-honesty: holds }',
      ),
    ).toHaveLength(7)
  })

  test('are judged once readers are simulated', () => {
    const ofReaders = GUARANTEES.filter((guarantee) => guarantee.of !== undefined)
    expect(ofReaders.map(({ name }) => name)).toEqual([
      'no-ghosts',
      'order-per-key',
      'fencing',
      'offset-safety',
      'single-owner',
    ])
    for (const { judged } of ofReaders) expect(judged).toBe(READERS_SIMULATED)
  })
})

describe('runs', () => {
  const runs = (text: string): number => onlyReading(WITH_ALL.replace(BILLING, text)).runs

  test('100 when the work on a record or a script varies', () => {
    expect(runs(BILLING)).toBe(1)
    expect(runs(BILLING.replace('{ from', '{ process: { exponential: 1ms }, from'))).toBe(100)
    const wait = `{ from: orders, steps: [ { poll: 1 }, { wait: { uniform: [1s, 2s] } } ], config: { ${PLAIN} } }`
    expect(runs(wait)).toBe(100)
    expect(onlyReading(WITH_ALL.replace('into: ledger', 'into: ledger, process: { exponential: 1ms }')).runs).toBe(100)
  })

  test('1 when only the latency of a store does', () => {
    expect(onlyReading(WITH_ALL.replace('ledger: }', 'ledger: { latency: { exponential: 1ms } } }')).runs).toBe(1)
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
      'p.properties': 'group.id=pp\nauto.offset.reset=earliest\nacks=all\nlinger.ms=4\nclient.rack=a\n',
      'w.properties':
        'group.id=ww\nauto.offset.reset=earliest\nmax.poll.records=3\nlinger.ms=4\ngroup.protocol=classic\n',
    })
    const file = loadReading(text, { readConfig })
    expect(file.diagnostics.map((each) => [each.severity, each.message])).toEqual([
      ['warning', 'the consumer and producer setting `client.rack` is not simulated, so it is left out'],
      ['warning', "Kafka's consumer has no setting `linger.ms`, so it is left out"],
    ])
    const [p] = file.scenarios[0]?.spec.processors ?? []
    const [w] = file.scenarios[0]?.spec.sinks ?? []
    expect([p?.config['group.id'], p?.producerConfig['linger.ms']]).toEqual(['pp', 4])
    expect([w?.config['group.id'], w?.config['max.poll.records']]).toEqual(['ww', 3])
  })

  test('with the protocol that is not simulated is refused', () => {
    const text = READING.replace(BILLING, '{ from: orders, config: b.properties }')
    const readConfig = read({ 'b.properties': `group.id=b\nauto.offset.reset=earliest\ngroup.protocol=consumer\n` })
    expect(marks(loadReading(text, { readConfig }))).toEqual(['NOT_SIMULATED 3:16'])
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
    const [document] = rawDocumentsOfText('t.yaml', text, { set: [], profile: null, readersSimulated: true })
    const saved = document === undefined ? '' : saveScenario(document.raw)
    expect(onlyReading(saved).spec).toEqual(onlyReading(text).spec)
    expect(saved).toContain('group.id: "007"')
    expect(saved).toContain('      - { seek: { orders-0: 0 } }\n')
  })
})

test('the catalogue of keys is refused only for what is not simulated, by name', () => {
  const declared = CATALOGUE.replace('topics:\n', 'topics:\n  payments:\n')
  const { diagnostics } = loadReading(declared)
  expect([...new Set(diagnostics.map((each) => each.code))]).toEqual(['TWICESHY_NOT_SIMULATED'])
  expect(diagnostics.map((each) => each.message.replace(' is not simulated yet', ''))).toEqual([
    '`rack`',
    '`transactions`',
    'the transaction step `begin`',
    'the transaction step `commit`',
    '`commit: in-transaction`',
    '`group-metadata`, which belongs to transactions,',
    '`rewind-on-abort`, which belongs to transactions,',
    '`abort`, which belongs to transactions,',
    'a `handler` of your own',
    'the consumer and producer setting `transactional.id`',
    '`sources`',
  ])
})

test('while readers are not simulated they are refused as a whole', () => {
  const refused = ['NOT_SIMULATED 4:1', 'NOT_SIMULATED 6:1', 'NOT_SIMULATED 8:1', 'NOT_SIMULATED 9:1']
  expect(marks(load(WITH_ALL, { readersSimulated: false }))).toEqual(refused)
  const extra = 'cluster: { config: { offsets.topic.replication.factor: 1 } }\ncover: [offset.committed]\n'
  expect(marks(load(`${BASE}${extra}`, { readersSimulated: false }))).toEqual([
    'NOT_SIMULATED 6:22',
    'NOT_SIMULATED 7:9',
  ])
})

test("a processor's output may be numbered", () => {
  const spec: ProcessorSpec | undefined = onlyReading(WITH_ALL).spec.processors[0]
  expect(spec?.name).toBe('p')
  const never = 'faults: [ { when: { moment: record.sent, record: p#1/0 }, crash: broker-1 } ]\n'
  const options = { moments: ['record.sent'], momentFields: { 'record.sent': ['record'] } }
  expect(marks(loadReading(`${WITH_ALL}${never}`, options))).toEqual(['NEVER_FIRES 11:50'])
  expect(marks(loadReading(`${WITH_ALL}${never.replace('p#1', 'p#0')}`, options))).toEqual([])
})
