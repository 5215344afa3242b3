import { describe, expect, test } from 'vitest'
import { BASE, load, mark, marks } from './fixture.test.helper.ts'
import type { LoadOptions } from './options.ts'

/** Lines 1 to 5 are BASE's; a case's text follows from line 6. */
const after = (text: string): string => `${BASE}${text}\n`
/** The producer of line 4, its value beginning in column 13. */
const producer = (text: string): string => BASE.replace('{ to: orders }', text)
const config = (text: string): string => producer(`{ to: orders, config: { ${text} } }`)
const topics = (text: string): string => BASE.replace('{ orders: { partitions: 2 } }', text)
const expects = (text: string): string => BASE.replace('{ exactly-once: holds }', text)
const fault = (text: string): string => after(`faults: [ { ${text} } ]`)

const source = (text: string): string =>
  `stores: { db: { rows: 5 } }\nsources: { i: { from: db, to: orders, ${text} } }`

type Case = readonly [what: string, text: string, expected: readonly string[]]

function check(cases: readonly Case[], options: Partial<LoadOptions> = {}): void {
  test.each(cases)('%s', (_, text, expected) => {
    const file = load(text, options)
    expect(marks(file)).toEqual(expected)
    const failed = file.diagnostics.some((each) => each.severity === 'error')
    expect(file.scenarios.length === 0).toBe(failed)
  })
}

describe('keys and types', () => {
  check([
    ['an unknown key', after('topic: {}'), ['UNKNOWN_KEY 6:1']],
    ['an unknown key inside', producer('{ to: orders, instance: 2 }'), ['UNKNOWN_KEY 4:27']],
    ['a setting outside config', producer('{ to: orders, acks: 1 }'), ['UNKNOWN_KEY 4:27']],
    ['no title', BASE.replace('scenario: base\n', ''), ['MISSING 1:1']],
    ['a bare number for a duration', after('run: { for: 60 }'), ['TYPE 6:13']],
    ['a word for a duration', after('run: { for: soon }'), ['TYPE 6:13']],
    ['a duration longer than a hundred years', after('run: { for: 99999d }'), ['RANGE 6:13']],
    ['no time to run', after('run: { for: 0s }'), ['RANGE 6:13']],
    ['a spread where none may stand', after('run: { for: { uniform: [1s, 2s] } }'), ['TYPE 6:8']],
    ['a spread the wrong way round', after('network: { latency: { uniform: [2ms, 1ms] } }'), ['IMPOSSIBLE 6:38 6:33']],
    ['a spread with half its keys', after('network: { latency: { normal: { mean: 2ms } } }'), ['TYPE 6:23']],
    ['a spread that is none', after('network: { latency: { gamma: 2ms } }'), ['UNKNOWN_KEY 6:23']],
    ['a fraction for a whole number', after('run: { runs: 1.5 }'), ['TYPE 6:14']],
    ['a number below its range', after('run: { runs: 0 }'), ['RANGE 6:14']],
    ['text for a list', after('faults: crash'), ['TYPE 6:9']],
    ['a list for a map', topics('[orders]'), ['TYPE 2:1', 'UNKNOWN_TOPIC 4:19']],
    ['a word that is none of those', producer('{ to: orders, on-unknown: retry }'), ['VALUE 4:39']],
    [
      'a link to nobody',
      after('network: { links: [ { between: [broker-1, broker-9], latency: 1ms } ] }'),
      ['UNKNOWN_NODE 6:43'],
    ],
    ['a link without latency', after('network: { links: [ { between: [broker-1, checkout#0] } ] }'), ['MISSING 6:21']],
    ['an unknown profile', after('profile: kafka-5.0'), ['UNKNOWN_PROFILE 6:10']],
    ['an unknown switch', after('profile: { base: kafka-4.1, elr: 1 }'), ['UNKNOWN_KEY 6:29']],
    [
      'an unknown switch of a client',
      producer('{ to: orders, profile: { base: kafka-4.1, sequence.advanced: x } }'),
      ['UNKNOWN_KEY 4:55'],
    ],
    [
      'a value that a switch of a client does not have',
      producer('{ to: orders, profile: { base: kafka-4.1, sequence.advance: later } }'),
      ['VALUE 4:73'],
    ],
    [
      'a switch of the cluster for a client',
      producer('{ to: orders, profile: { base: kafka-4.1, producer.state.batches: 1 } }'),
      ['UNKNOWN_KEY 4:55'],
    ],
    ['an unknown profile for a client', producer('{ to: orders, profile: kafka-4.2 }'), ['UNKNOWN_PROFILE 4:36']],
    ['an invariant voided without reason', after('void: { x: "" }'), ['TYPE 6:12']],
  ])
})

describe('the cluster and its topics', () => {
  check([
    [
      'min ISR above the replication factor',
      topics('{ orders: { replication.factor: 2, min.insync.replicas: 3 } }'),
      ['IMPOSSIBLE 2:65 2:41'],
    ],
    [
      'min ISR of the brokers above it',
      after('cluster: { config: { min.insync.replicas: 4 } }'),
      ['IMPOSSIBLE 6:43 2:11'],
    ],
    [
      'more replicas than brokers',
      `cluster: { brokers: 2 }\n${topics('{ orders: { replication.factor: 3 } }')}`,
      ['IMPOSSIBLE 3:41 1:21'],
    ],
    ['an unknown broker setting', after('cluster: { config: { num.partition: 1 } }'), ['UNKNOWN_CONFIG 6:22']],
    ['an unknown topic setting', topics('{ orders: { min.insync.replica: 1 } }'), ['UNKNOWN_CONFIG 2:21']],
    ['a value out of range', topics('{ orders: { min.insync.replicas: 0 } }'), ['RANGE 2:42']],
    ['a boolean that is none', topics('{ orders: { unclean.leader.election.enable: yes } }'), ['TYPE 2:53']],
    ['a node that does not exist', after('cluster: { each: { broker-4: {} } }'), ['UNKNOWN_NODE 6:20']],
    [
      'a broker that Kafka refuses',
      after('cluster: { config: { replica.fetch.wait.max.ms: 40s } }'),
      ['CONFIG_REFUSED 6:49', 'CONFIG_REFUSED 6:49'],
    ],
    [
      'a heartbeat that is late at once',
      after('cluster: { config: { broker.heartbeat.interval.ms: 6s } }'),
      ['CONFIG_SURPRISE 6:52'],
    ],
    [
      'brokers whose topic defaults differ',
      after('cluster: { each: { broker-1: { config: { min.insync.replicas: 2 } } } }'),
      ['NOT_SIMULATED 6:42'],
    ],
    ['a topic name Kafka refuses', topics('{ "a b": , orders: { partitions: 2 } }'), ['NAME 2:11']],
    ['topic names that collide', topics('{ a.b: , a_b: , orders: { partitions: 2 } }'), ['NAME 2:18 2:11']],
    ["one of Kafka's own topics", topics('{ __consumer_offsets: , orders: { partitions: 2 } }'), ['NAME 2:11']],
    ['a name that is a role', BASE.replaceAll('checkout', 'clients'), ['NAME 4:3']],
    ['a name that is a node', BASE.replaceAll('checkout', 'broker-7'), ['NAME 4:3']],
    ['a name used twice', BASE.replaceAll('checkout', 'orders'), ['NAME_CLASH 4:3 2:11']],
  ])
})

describe('producers', () => {
  check([
    ['an undeclared topic', producer('{ to: order }'), ['UNKNOWN_TOPIC 4:19']],
    ['no topic', producer('{ instances: 2 }'), ['MISSING 4:3']],
    ['an unknown setting', config('ackz: 1'), ['UNKNOWN_CONFIG 4:37']],
    ['a word that acks does not take', config('acks: All'), ['VALUE 4:43']],
    ['idempotence with acks=1', config('acks: 1, enable.idempotence: true'), ['CONFIG_REFUSED 4:66 4:43']],
    ['idempotence without retries', config('retries: 0, enable.idempotence: true'), ['CONFIG_REFUSED 4:69 4:46']],
    [
      'idempotence with more in flight',
      config('max.in.flight.requests.per.connection: 6, enable.idempotence: true'),
      ['CONFIG_REFUSED 4:76 4:99'],
    ],
    [
      'default idempotence with more in flight',
      config('max.in.flight.requests.per.connection: 6'),
      ['CONFIG_REFUSED 4:76'],
    ],
    [
      'the same with acks=1',
      config('acks: 1, max.in.flight.requests.per.connection: 6'),
      ['CONFIG_SURPRISE 4:43', 'CONFIG_REFUSED 4:85'],
    ],
    ['a delivery timeout that is too short', config('delivery.timeout.ms: 10s'), ['CONFIG_REFUSED 4:58']],
    ['half milliseconds', config('linger.ms: 500us'), ['RANGE 4:48']],
    [
      'records without keys for a compacted topic',
      topics('{ orders: { partitions: 2, cleanup.policy: compact } }'),
      ['IMPOSSIBLE 4:3 2:11'],
    ],
    ['steps and send at once', producer('{ to: orders, send: {}, steps: [flush] }'), ['IMPOSSIBLE 4:37']],
    ['an unknown step', producer('{ to: orders, steps: [flsh] }'), ['VALUE 4:35']],
    [
      'an id used twice',
      producer('{ to: orders, steps: [ send: { id: a }, send: { id: a } ] }'),
      ['DUPLICATE_ID 4:65 4:48'],
    ],
    [
      'a partition outside the topic',
      producer('{ to: orders, steps: [ send: { partition: 2 } ] }'),
      ['UNKNOWN_PARTITION 4:55'],
    ],
    ['a step that names no topic', producer('{ to: [orders, orders], steps: [ send: {} ] }'), ['MISSING 4:46']],
    ['an absolute timestamp', producer('{ to: orders, steps: [ send: { timestamp: 5s } ] }'), ['TYPE 4:55']],
    ['starting after the run', producer('{ to: orders, start: 2m }'), ['IMPOSSIBLE 4:34']],
    ['stopping before the start', producer('{ to: orders, start: 2s, stop: 1s }'), ['IMPOSSIBLE 4:44 4:34']],
    ['no producer at all', BASE.replace(/^producers:\n.*\n/m, ''), ['MISSING 1:1']],
  ])
})

describe('faults', () => {
  check([
    ['two triggers', fault('at: 1s, every: 2s, crash: broker-1'), ['FAULT 6:21 6:13']],
    ['two actions', fault('at: 1s, crash: broker-1, pause: broker-2'), ['FAULT 6:38 6:21']],
    ['no trigger', fault('crash: broker-1'), ['FAULT 6:11']],
    ['no action', fault('at: 1s'), ['FAULT 6:11']],
    ['a misspelt action', fault('at: 1s, crahs: broker-1'), ['UNKNOWN_KEY 6:21']],
    ['at after the run', fault('at: 60s, crash: broker-1'), ['NEVER_FIRES 6:17']],
    ['between after the run', fault('between: [60s, 70s], crash: broker-1'), ['NEVER_FIRES 6:23']],
    ['between the wrong way round', fault('between: [6s, 2s], crash: broker-1'), ['IMPOSSIBLE 6:27 6:23']],
    ['every after the run', fault('every: 61s, crash: broker-1'), ['NEVER_FIRES 6:20']],
    ['every too often', fault('every: 1us, crash: broker-1'), ['RANGE 6:20']],
    ['every more than 10,000 times', fault('every: { exponential: 5ms }, crash: broker-1'), ['RANGE 6:13']],
    ['every next to nothing', fault('every: { uniform: [0s, 1us] }, crash: broker-1'), ['RANGE 6:13']],
    ['every, times too often', fault('every: 1s, times: 10001, crash: broker-1'), ['RANGE 6:31']],
    ['an unknown target', fault('at: 1s, crash: broker-4'), ['UNKNOWN_NODE 6:28']],
    ['an unknown instance', fault('at: 1s, crash: checkout#1'), ['UNKNOWN_NODE 6:28']],
    ['an unknown topic in a target', fault('at: 1s, crash: leader(order-0)'), ['UNKNOWN_TOPIC 6:28']],
    ['a partition outside the topic', fault('at: 1s, crash: leader(orders-2)'), ['UNKNOWN_PARTITION 6:28 2:33']],
    ['a target without partition', fault('at: 1s, crash: leader(orders)'), ['UNKNOWN_TOPIC 6:28']],
    ['a misspelt target function', fault('at: 1s, crash: leadr(orders-0)'), ['TARGET 6:28']],
    ['a list for a target', fault('at: 1s, crash: [broker-1, broker-2]'), ['TARGET 6:21']],
    ['an unknown target inside any', fault('at: 1s, crash: { any: [broker-1, broker-9] }'), ['UNKNOWN_NODE 6:46']],
    ['rest outside a partition', fault('at: 1s, crash: rest'), ['TARGET 6:28']],
    ['a minority of two', `cluster: { brokers: 2 }\n${fault('at: 1s, crash: minority(brokers)')}`, ['TARGET 7:28']],
    ['a disk where there is none', fault('at: 1s, slow-disk: checkout'), ['TARGET 6:32']],
    ['a full disk where there is none', fault('at: 1s, disk-full: checkout'), ['TARGET 6:32']],
    ['an unknown log directory', fault('at: 1s, disk-error: { target: broker-1, directory: /data/b }'), ['VALUE 6:64']],
    [
      'a log directory of nobody',
      `${after('cluster: { config: { log.dirs: "/data/a,/data/b" } }')}faults:\n- { at: 1s, disk-full: { target: broker-1, directory: /data/c } }`,
      ['VALUE 8:55'],
    ],
    ['a log directory twice', after('cluster: { config: { log.dirs: "/data/a, /data/a" } }'), ['CONFIG_REFUSED 6:32']],
    [
      'a metadata log elsewhere',
      after('cluster: { config: { log.dirs: /data/a, metadata.log.dir: /data/m } }'),
      ['NOT_SIMULATED 6:41'],
    ],
    ['an operation that no disk knows', fault('at: 1s, disk-error: { target: broker-1, of: seeks }'), ['VALUE 6:57']],
    ['a full disk with operations', fault('at: 1s, disk-full: { target: broker-1, of: reads }'), ['UNKNOWN_KEY 6:52']],
    ['a clock and nothing else', fault('at: 1s, clock-jump: broker-1'), ['TYPE 6:33']],
    ['a clock that moves nowhere', fault('at: 1s, clock-jump: { target: broker-1, by: 0s }'), ['RANGE 6:57']],
    ['a clock, without by', fault('at: 1s, clock-skew: { target: broker-1 }'), ['MISSING 6:21']],
    ['a clock, by a number', fault('at: 1s, clock-jump: { target: broker-1, by: -5 }'), ['TYPE 6:57']],
    ['a clock that is too far', fault('at: 1s, clock-jump: { target: broker-1, by: -40000d }'), ['RANGE 6:57']],
    ['a clock that runs backwards', fault('at: 1s, clock-skew: { target: broker-1, by: -2s }'), ['RANGE 6:57']],
    ['the clock of nobody', fault('at: 1s, clock-skew: { target: broker-9, by: 1ms }'), ['UNKNOWN_NODE 6:43']],
    ['one group', fault('at: 1s, partition: [ [broker-1] ]'), ['FAULT 6:21']],
    ['a node in two groups', fault('at: 1s, partition: [ [broker-1], [brokers] ]'), ['FAULT 6:47 6:35']],
    ['an unknown moment', fault('when: { moment: produce.aked }, crash: broker-1'), ['UNKNOWN_MOMENT 6:29']],
    [
      'an unknown field',
      fault('when: { moment: produce.acked, leader: broker-1 }, crash: broker-1'),
      ['UNKNOWN_FIELD 6:44'],
    ],
    [
      'a moment on no topic',
      fault('when: { moment: produce.acked, topic: order }, crash: broker-1'),
      ['UNKNOWN_TOPIC 6:51'],
    ],
    [
      'a moment on no partition',
      fault('when: { moment: produce.acked, topic: orders, partition: 2 }, crash: broker-1'),
      ['NEVER_FIRES 6:70'],
    ],
    [
      'a moment of no record',
      fault('when: { moment: produce.acked, record: checkout#0/100 }, crash: broker-1'),
      ['NEVER_FIRES 6:52'],
    ],
    [
      'a moment at no node',
      fault('when: { moment: leader.elected, node: broker-9 }, crash: broker-1'),
      ['UNKNOWN_NODE 6:51'],
    ],
    ['nth 0', fault('when: { moment: produce.acked, nth: 0 }, crash: broker-1'), ['RANGE 6:49']],
    ['times without every-match', fault('when: { moment: produce.acked }, times: 2, crash: broker-1'), ['FAULT 6:46']],
    ['after without when', fault('at: 1s, after: 1s, crash: broker-1'), ['FAULT 6:21']],
    ['no time at all', fault('at: 1s, crash: broker-1, for: 0s'), ['RANGE 6:43']],
    ['a lasting disconnect', fault('at: 1s, disconnect: { between: [checkout, broker-1] }, for: 1s'), ['FAULT 6:68']],
    ['a delay without length', fault('at: 1s, delay: { from: checkout }'), ['MISSING 6:21']],
    ['a request that Kafka does not have', fault('at: 1s, drop: { api: produce }'), ['VALUE 6:34']],
    [
      'a broker fault in a perfect cluster',
      `cluster: perfect\n${fault('at: 1s, crash: leader(orders-0)')}`,
      ['PERFECT 7:28'],
    ],
    ['an unknown goal', after('cover: [leader.electd]'), ['UNKNOWN_MOMENT 6:9']],
    ['chaos with kinds that do not exist', after('chaos: { kinds: [crush] }'), ['VALUE 6:18']],
    [
      'chaos that is hostile, within a promise',
      after('chaos: { budget: beyond, kinds: [crash, clock-jump] }'),
      ['IMPOSSIBLE 6:41'],
    ],
    ['chaos the wrong way round', after('chaos: { faults: [6, 1] }'), ['IMPOSSIBLE 6:22 6:19']],
  ])
})

describe('expectations', () => {
  check([
    ['an unknown guarantee', expects('{ exactly-onc: holds }'), ['EXPECTATION 5:11']],
    ['an unknown stage', expects('{ publsh/exactly-once: holds }'), ['EXPECTATION 5:11']],
    ['a stage that the guarantee cannot have', expects('{ publish/durability: holds }'), ['EXPECTATION 5:11']],
    ['an unknown producer', expects('{ chekout:publish/exactly-once: holds }'), ['EXPECTATION 5:11']],
    ['a topic for a producer', expects('{ orders:outcome-honesty: holds }'), ['EXPECTATION 5:11']],
    ['a subject where there is none', expects('{ checkout:progress: holds }'), ['EXPECTATION 5:11']],
    ['a value that is none', expects('{ exactly-once: hold }'), ['EXPECTATION 5:25']],
    ['a kind of another guarantee', expects('{ durability: { violated: lost-record } }'), ['EXPECTATION 5:35']],
    [
      'the same twice',
      expects('{ exactly-once: holds, end-to-end/exactly-once: violated }'),
      ['EXPECTATION 5:32 5:11'],
    ],
    ['an effect at publish', expects('{ publish/exactly-once: { violated: lost-effect } }'), ['EXPECTATION 5:45']],
  ])
})

describe('racks', () => {
  check([
    ['of a broker', after('cluster: { each: { broker-1: { rack: a } } }'), []],
    ['of a controller', after('cluster: { each: { controller-1: { rack: a } } }'), ['IMPOSSIBLE 6:42']],
    [
      'two of one broker',
      after('cluster: { each: { broker-1: { rack: a, config: { broker.rack: b } } } }'),
      ['IMPOSSIBLE 6:38 6:64'],
    ],
    [
      'a selector of one’s own',
      after('cluster: { config: { replica.selector.class: com.example.Nearest } }'),
      ['VALUE 6:46'],
    ],
  ])
})

describe('not simulated yet', () => {
  check([
    [
      'controllers that differ',
      after(
        'cluster: { controllers: 3, each: { controller-2: { config: { controller.quorum.fetch.timeout.ms: 5s } } } }',
      ),
      ['NOT_SIMULATED 6:36'],
    ],
    ['several tasks', after(source('instances: 2')), ['NOT_SIMULATED 7:39']],
    ['a producer setting', config('compression.type: lz4'), ['NOT_SIMULATED 4:37']],
    ['a broker setting', after('cluster: { config: { log.retention.hours: 5 } }'), ['NOT_SIMULATED 6:22']],
    ['a topic setting', topics('{ orders: { partitions: 2, segment.jitter.ms: 5s } }'), ['NOT_SIMULATED 2:36']],
    [
      'a topic that is read and made again',
      after(
        'consumers: { billing: { from: orders, config: { group.id: b, auto.offset.reset: earliest } } }\nfaults: [ { at: 1s, admin: { delete-topic: orders } }, { at: 2s, admin: { create-topic: orders } } ]',
      ),
      ['NOT_SIMULATED 7:75'],
    ],
  ])
})

describe('recordings and seeds', () => {
  const replay = (text: string): string => after(`replay: { version: v, run-seed: 1, digest: x, ${text} }`)
  check([
    ['an unknown class of sites', replay('bases: { network: boring }'), ['VALUE 6:56']],
    ['an unknown base', replay('bases: { latency: random }'), ['VALUE 6:65']],
    ['an unknown site', replay('overrides: [ [luck, 1, 2, 3] ]'), ['VALUE 6:61']],
    ['no decision', replay('overrides: [ [latency, 1, 2, -3] ]'), ['RANGE 6:76']],
    ['an empty seed', after('seed: ""'), ['VALUE 6:7']],
    ['an empty seed of a run', after('replay: { version: v, run-seed: " ", digest: x }'), ['VALUE 6:33']],
    ['a seed without end', after(`seed: ${'7'.repeat(201)}`), ['RANGE 6:7']],
  ])

  test('say what there is', () => {
    expect(load(replay('bases: { latencies: boring }')).diagnostics[0]?.help).toBe('did you mean `latency`?')
    expect(load(replay('overrides: [ [luck, 1, 2, 3] ]')).diagnostics[0]?.help).toMatch(/^there is `latency`, /)
  })
})

describe('many mistakes', () => {
  test('are reported at once, in the order of the file', () => {
    const file = load(
      `${config('ackz: 1, acks: 7').replace('partitions: 2', 'partitions: 0')}faults: [ { at: 1, crash: brokr-1 } ]\n`,
    )
    expect(marks(file)).toEqual(['RANGE 2:33', 'UNKNOWN_CONFIG 4:37', 'VALUE 4:52', 'TYPE 6:17', 'UNKNOWN_NODE 6:27'])
  })

  test('are twenty at most', () => {
    const file = load(`${BASE}${Array.from({ length: 50 }, (_, i) => `key${i}: 1\n`).join('')}`)
    expect(file.diagnostics).toHaveLength(20)
    expect(file.diagnostics[19]?.message).toBe('and 31 more')
  })

  test.each([
    ['topics', after('topik: {}'), 'did you mean `topics`?'],
    ['a topic', producer('{ to: ordres }'), 'did you mean `orders`?'],
    ['a setting under the wrong key', producer('{ to: orders, acks: 1 }'), '`acks` belongs under `config:`'],
    ['a unit', after('run: { for: 60 }'), 'write `60ms` or `60s`'],
    [
      'an instance',
      after('network: { links: [ { between: [checkout, broker-1], latency: 1ms } ] }'),
      'write one instance, such as `checkout#0`',
    ],
    ['a broker', fault('at: 1s, crash: broker-4'), 'the cluster has `broker-1` to `broker-3`'],
  ])('help with %s', (_, text, help) => {
    expect(load(text).diagnostics[0]?.help).toBe(help)
  })
})

test('warnings do not stop a scenario', () => {
  const file = load(config('acks: 1'))
  expect(file.diagnostics.map((each) => [each.severity, mark(each)])).toEqual([['warning', 'CONFIG_SURPRISE 4:43']])
  expect(file.scenarios).toHaveLength(1)
})
