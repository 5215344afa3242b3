import { describe, expect, test } from 'vitest'
import { loadReading, marks, READING } from './fixture.test.helper.ts'

const BILLING = '{ from: orders, config: { group.id: b, auto.offset.reset: earliest } }'
const PLAIN = 'group.id: b, auto.offset.reset: earliest'
/** The consumer's value begins in column 23 of line 4. */
const consumer = (text: string): string => READING.replace(BILLING, text)
/** The setting begins in column 91 of line 4. */
const config = (text: string): string => consumer(`{ from: orders, config: { ${PLAIN}, ${text} } }`)
/** The key begins in column 93 of line 4. */
const keys = (text: string): string => consumer(`{ from: orders, config: { ${PLAIN} }, ${text} }`)
const steps = (text: string): string => consumer(`{ assign: [orders-0], steps: [${text}] }`)
/** Lines 1 to 5 are READING's; a case's text follows from line 6. */
const after = (text: string): string => `${READING}${text}\n`
/** The keys begin in column 48 of line 6. */
const processor = (text: string, settings = 'group.id: p, auto.offset.reset: earliest'): string =>
  after(`processors: { p: { from: orders, to: payments, ${text}config: { ${settings} } } }`)
const sink = (text: string, settings = 'group.id: w, auto.offset.reset: earliest'): string =>
  after(`stores: { db: }\nsinks: { w: { from: orders, ${text}config: { ${settings} } } }`)
const expects = (text: string): string => READING.replace('{ exactly-once: holds }', text)
const fault = (text: string): string => after(`faults: [ { ${text} } ]`)

type Case = readonly [what: string, text: string, expected: readonly string[]]

function check(cases: readonly Case[]): void {
  test.each(cases)('%s', (_, text, expected) => {
    const file = loadReading(text)
    expect(marks(file)).toEqual(expected)
    const failed = file.diagnostics.some((each) => each.severity === 'error')
    expect(file.scenarios.length === 0).toBe(failed)
  })
}

describe('what an application reads', () => {
  check([
    ['nothing', consumer('{ config: { group.id: b } }'), ['MISSING 4:14']],
    ['an undeclared topic', consumer('{ from: order, config: { group.id: b } }'), ['UNKNOWN_TOPIC 4:31']],
    ['a list of none', consumer(`{ from: [], config: { ${PLAIN} } }`), ['MISSING 4:25']],
    ['a map', consumer(`{ from: { orders: 1 }, config: { ${PLAIN} } }`), ['TYPE 4:25']],
    [
      'assign: a partition outside the topic',
      consumer('{ assign: [orders-2], config: {auto.offset.reset: earliest} }'),
      ['UNKNOWN_PARTITION 4:34 2:33'],
    ],
    ['assign: an undeclared topic', consumer('{ assign: [order-0] }'), ['UNKNOWN_TOPIC 4:34']],
    ['assign: a topic', consumer('{ assign: [orders] }'), ['UNKNOWN_TOPIC 4:34']],
    [
      'assign: one twice',
      consumer('{ assign: [orders-0, orders-0], config: {auto.offset.reset: earliest} }'),
      ['DUPLICATE_ID 4:44 4:34'],
    ],
    [
      'assign: what from has not',
      consumer('{ from: payments, assign: [orders-0], config: {auto.offset.reset: earliest} }'),
      ['IMPOSSIBLE 4:50 4:31'],
    ],
    ['assign: none', consumer('{ assign: [], config: {auto.offset.reset: earliest} }'), ['MISSING 4:25']],
    ['assign: a map', consumer('{ assign: { orders: 0 }, config: {auto.offset.reset: earliest} }'), ['TYPE 4:25']],
  ])
})

describe('keys', () => {
  check([
    ['an unknown key', keys('instance: 2'), ['UNKNOWN_KEY 4:93']],
    ['a setting outside config', keys('max.poll.records: 2'), ['UNKNOWN_KEY 4:93']],
    ['no instances', keys('instances: 0'), ['RANGE 4:104']],
    ['starting after the run', keys('start: 2m'), ['IMPOSSIBLE 4:100']],
    ['stopping before the start', keys('start: 5s, stop: 1s'), ['IMPOSSIBLE 4:110 4:100']],
    ['a process without unit', keys('process: 5'), ['TYPE 4:102']],
    ['an unknown profile', keys('profile: kafka-0.9'), ['UNKNOWN_PROFILE 4:102']],
    ['commit-every: 0', keys('commit: after-processing, commit-every: 0'), ['RANGE 4:133']],
    ['commit-every: a word', keys('commit: after-processing, commit-every: records'), ['VALUE 4:133']],
    ['commit-call: a word', keys('commit: after-processing, commit-call: later'), ['VALUE 4:132']],
    ['handling: a word', keys('handling: parallel'), ['VALUE 4:103']],
    ['handling: another key', keys('handling: { hands-off: 4 }'), ['UNKNOWN_KEY 4:105']],
    ['handling: no worker', keys('handling: { hand-off: 0 }'), ['RANGE 4:115']],
    [
      'handing over and committing each record',
      keys('commit: after-processing, commit-every: record, handling: { hand-off: 2 }'),
      ['IMPOSSIBLE 4:133 4:141'],
    ],
    ['share: a word', keys('share: often'), ['TYPE 4:100']],
  ])
})

describe('when positions are saved', () => {
  check([
    ['a word that is none', keys('commit: after'), ['VALUE 4:101']],
    ['with the output of a consumer', keys('commit: with-output'), ['VALUE 4:101']],
    ['before the output of a consumer', keys('commit: before-output'), ['VALUE 4:101']],
    ['with the output of a processor', processor('commit: with-output, '), ['VALUE 6:56']],
    ['after the processing of a sink', sink('into: db, commit: after-processing, '), ['VALUE 7:47']],
    [
      'automatically, and not automatically',
      consumer(`{ from: orders, commit: auto, config: { ${PLAIN}, enable.auto.commit: false } }`),
      ['IMPOSSIBLE 4:47 4:125'],
    ],
    ['never', config('enable.auto.commit: false'), ['MISSING 4:111']],
    [
      'twice',
      consumer(`{ from: orders, commit: after-processing, config: { ${PLAIN}, enable.auto.commit: true } }`),
      ['CONFIG_SURPRISE 4:137 4:47'],
    ],
    ['automatically, per record', keys('commit-every: record'), ['IMPOSSIBLE 4:93']],
    ['automatically, without waiting', keys('commit-call: async'), ['IMPOSSIBLE 4:93']],
    [
      'without a group',
      consumer('{ assign: [orders-0], commit: after-processing, config: {auto.offset.reset: earliest} }'),
      ['IMPOSSIBLE 4:53'],
    ],
    [
      'automatically without a group',
      consumer('{ assign: [orders-0], config: { auto.offset.reset: earliest, enable.auto.commit: true } }'),
      ['CONFIG_REFUSED 4:104'],
    ],
  ])
})

describe('settings', () => {
  check([
    ['an unknown one', config('max.poll.record: 1'), ['UNKNOWN_CONFIG 4:91']],
    ['one of producers', config('linger.ms: 1'), ['UNKNOWN_CONFIG 4:91']],
    ['no poll', config('max.poll.records: 0'), ['RANGE 4:109']],
    ['no time between polls', config('max.poll.interval.ms: 0'), ['RANGE 4:113']],
    ['a negative fetch', config('fetch.max.wait.ms: -1'), ['RANGE 4:110']],
    ['a fetch that is no number', config('fetch.min.bytes: 1k'), ['TYPE 4:108']],
    ['a fetch of more than an int', config('fetch.max.bytes: 3000000000'), ['RANGE 4:108']],
    [
      'a reset that is none',
      consumer('{ from: orders, config: { group.id: b, auto.offset.reset: first } }'),
      ['VALUE 4:81'],
    ],
    ['a short session', config('session.timeout.ms: 5999'), ['CONFIG_REFUSED 4:111']],
    ['a long session', config('session.timeout.ms: 31m'), ['CONFIG_REFUSED 4:111']],
    ['a heartbeat as long as the session', config('heartbeat.interval.ms: 45s'), ['CONFIG_REFUSED 4:114']],
    [
      'a session as short as the heartbeat',
      config('session.timeout.ms: 6s, heartbeat.interval.ms: 7s'),
      ['CONFIG_REFUSED 4:138 4:111'],
    ],
    ['an assignor that is none', config('partition.assignment.strategy: ranges'), ['VALUE 4:122']],
    [
      'an assignor that is not simulated',
      config('partition.assignment.strategy: "range, roundrobin"'),
      ['NOT_SIMULATED 4:122'],
    ],
    ['one assignor twice', config('partition.assignment.strategy: "range, range"'), ['CONFIG_REFUSED 4:122']],
    ['the new protocol', config('group.protocol: consumer'), ['NOT_SIMULATED 4:107']],
    ['a protocol that is none', config('group.protocol: clasic'), ['VALUE 4:107']],
    ['an instance id with odd signs', config('group.instance.id: "a b"'), ['CONFIG_REFUSED 4:110']],
    ['an instance id without one', config('group.instance.id: ""'), ['CONFIG_REFUSED 4:110']],
    ['an instance id with an unknown part', config('group.instance.id: "b-${node}"'), ['VALUE 4:110']],
  ])
})

describe('groups', () => {
  check([
    ['none', consumer('{ from: orders }'), ['MISSING 4:14']],
    ['none in config', consumer('{ from: orders, config: { auto.offset.reset: earliest } }'), ['MISSING 4:39']],
    [
      'an empty one',
      consumer('{ from: orders, config: { group.id: "", auto.offset.reset: earliest } }'),
      ['MISSING 4:49'],
    ],
    ['none of a sink', sink('into: db, ', 'auto.offset.reset: earliest'), ['MISSING 7:39']],
    [
      'one per instance',
      consumer('{ from: orders, config: { group.id: "b-${instance}", auto.offset.reset: earliest } }'),
      ['NOT_SIMULATED 4:59'],
    ],
    [
      'static members of one name',
      consumer(`{ from: orders, instances: 2, config: { ${PLAIN}, group.instance.id: s } }`),
      ['IMPOSSIBLE 4:124 4:50'],
    ],
    [
      'one that reads different topics',
      after(
        'sinks: { w: { from: payments, into: db, config: { group.id: b, auto.offset.reset: earliest } } }\nstores: { db: }',
      ),
      ['CONFIG_SURPRISE 6:61 4:59'],
    ],
    [
      'one that subscribes and takes partitions',
      after(`sinks: { w: { assign: [orders-0], into: db, config: { ${PLAIN} } } }\nstores: { db: }`),
      ['CONFIG_SURPRISE 6:65 4:59'],
    ],
    [
      'one without an assignor in common',
      `${config('partition.assignment.strategy: range')}sinks: { w: { from: orders, into: db, config: { ${PLAIN}, partition.assignment.strategy: cooperative-sticky } } }\nstores: { db: }\n`,
      ['CONFIG_REFUSED 6:122 4:122'],
    ],
    ['on two brokers', after('cluster: { brokers: 2 }'), ['IMPOSSIBLE 6:21 4:59']],
    [
      'whose offsets need five',
      after('cluster: { config: { offsets.topic.replication.factor: 5 } }'),
      ['IMPOSSIBLE 6:56'],
    ],
    [
      'whose offsets nodes see differently',
      after('cluster: { each: { broker-1: { config: { offsets.topic.replication.factor: 1 } } } }'),
      ['NOT_SIMULATED 6:42'],
    ],
    [
      'whose offsets have no replica',
      after('cluster: { config: { offsets.topic.replication.factor: 0 } }'),
      ['RANGE 6:56'],
    ],
    [
      'on two brokers, as the help says',
      after('cluster: { brokers: 2, config: { offsets.topic.replication.factor: 2 } }'),
      [],
    ],
    ['on a perfect broker', after('cluster: perfect'), []],
  ])
})

describe('first positions', () => {
  check([
    ['at the end by default', consumer('{ from: orders, config: { group.id: b } }'), ['CONFIG_SURPRISE 4:39 3:14']],
    [
      'at the end as written',
      consumer('{ from: orders, config: { group.id: b, auto.offset.reset: latest } }'),
      ['CONFIG_SURPRISE 4:81 3:14'],
    ],
    [
      'nowhere',
      consumer('{ from: orders, config: { group.id: b, auto.offset.reset: none } }'),
      ['CONFIG_SURPRISE 4:81'],
    ],
    ['of taken partitions', consumer('{ assign: [orders-0] }'), ['CONFIG_SURPRISE 4:14 3:14']],
    ['of taken partitions, by seek', steps('{ seek: { orders-0: 0 } }, { poll: 1 }'), []],
    [
      'when records come later',
      consumer('{ from: orders, config: { group.id: b } }').replace('{ to: orders }', '{ to: orders, start: 4s }'),
      [],
    ],
    [
      'when a script waits first',
      consumer('{ from: orders, config: { group.id: b } }').replace(
        '{ to: orders }',
        '{ to: orders, steps: [ wait: 4s, send: {} ] }',
      ),
      [],
    ],
    [
      'of what a processor writes',
      `${processor('')}consumers: { late: { from: payments, config: { group.id: l } } }\n`.replace(
        /^consumers: .*billing.*\n/m,
        '',
      ),
      ['CONFIG_SURPRISE 6:38 5:15'],
    ],
  ])
})

describe('steps', () => {
  check([
    ['none', steps(''), ['CONFIG_SURPRISE 4:14 3:14', 'MISSING 4:45']],
    ['an unknown one', steps('{ seek: { orders-0: 0 } }, pol'), ['VALUE 4:80']],
    ['an unknown key', steps('{ seek: { orders-0: 0 } }, { pol: 5 }'), ['VALUE 4:82']],
    ['poll without a number', steps('{ seek: { orders-0: 0 } }, poll'), ['TYPE 4:80']],
    ['poll of none', steps('{ seek: { orders-0: 0 } }, { poll: 0 }'), ['RANGE 4:88']],
    ['a word with a colon', steps('{ seek: { orders-0: 0 } }, { close: }'), ['TYPE 4:80']],
    ['two keys', steps('{ seek: { orders-0: 0 }, poll: 5 }'), ['TYPE 4:53']],
    ['seek to no partition', steps('{ seek: { orders: 0 } }'), ['UNKNOWN_TOPIC 4:63']],
    ['seek outside the topic', steps('{ seek: { orders-2: 0 } }'), ['UNKNOWN_PARTITION 4:63 2:33']],
    ['seek of what is not read', steps('{ seek: { orders-1: 0 } }'), ['IMPOSSIBLE 4:63']],
    ['seek to nowhere', steps('{ seek: { orders-0: -1 } }'), ['RANGE 4:73']],
    ['seek to a word', steps('{ seek: { orders-0: first } }'), ['TYPE 4:73']],
    ['seek as a word', steps('{ seek: orders-0 }'), ['TYPE 4:61']],
    ['commit without a group', steps('{ seek: { orders-0: 0 } }, commit'), ['IMPOSSIBLE 4:80']],
    [
      'commit beside the automatic one',
      consumer(`{ from: orders, steps: [ { poll: 1 }, commit ], config: { ${PLAIN} } }`),
      ['CONFIG_SURPRISE 4:61 4:71'],
    ],
    [
      'commit by the script and by the loop',
      consumer(`{ from: orders, steps: [ { poll: 1 } ], commit: after-processing, config: { ${PLAIN} } }`),
      ['IMPOSSIBLE 4:71 4:39'],
    ],
    [
      'commit-every',
      consumer(`{ from: orders, steps: [ { poll: 1 } ], commit-every: 5, config: { ${PLAIN} } }`),
      ['IMPOSSIBLE 4:63'],
    ],
    [
      'handling',
      consumer(`{ from: orders, steps: [ { poll: 1 } ], handling: { hand-off: 2 }, config: { ${PLAIN} } }`),
      ['IMPOSSIBLE 4:63'],
    ],
    ['something after close', steps('{ seek: { orders-0: 0 } }, close, { poll: 1 }'), ['IMPOSSIBLE 4:87 4:80']],
    ['wait without a unit', steps('{ seek: { orders-0: 0 } }, { wait: 5 }'), ['TYPE 4:88']],
    ['a list', steps('{ seek: { orders-0: 0 } }, [poll]'), ['TYPE 4:80']],
  ])
})

describe('processors', () => {
  check([
    [
      'no topic',
      after('processors: { p: { from: orders, config: { group.id: p, auto.offset.reset: earliest } } }'),
      ['MISSING 6:15'],
    ],
    ['an undeclared topic', processor('').replace('to: payments', 'to: payment'), ['UNKNOWN_TOPIC 6:38']],
    ['a transform that is none', processor('transform: double, '), ['VALUE 6:59']],
    ['no outputs', processor('transform: { fan-out: 0 }, '), ['RANGE 6:70']],
    ['a transform of two', processor('transform: { fan-out: 2, count-by-key: {} }, '), ['VALUE 6:48']],
    [
      'a setting that neither has',
      processor('', 'group.id: p, auto.offset.reset: earliest, linger: 1'),
      ['UNKNOWN_CONFIG 6:100'],
    ],
    [
      'a setting of both, out of range',
      processor('', 'group.id: p, auto.offset.reset: earliest, request.timeout.ms: -1'),
      ['RANGE 6:120'],
    ],
    [
      'a producer that Kafka refuses',
      processor('', 'group.id: p, auto.offset.reset: earliest, acks: 1, enable.idempotence: true'),
      ['CONFIG_REFUSED 6:129 6:106'],
    ],
    ['its own input', processor('').replace('to: payments', 'to: orders'), ['IMPOSSIBLE 6:38 6:26']],
    [
      'its own input, by another',
      processor('').replace(
        'processors: {',
        'processors: { q: { from: payments, to: orders, config: { group.id: q, auto.offset.reset: earliest } },',
      ),
      ['IMPOSSIBLE 6:40 6:26', 'IMPOSSIBLE 6:127 6:115'],
    ],
  ])
})

describe('sinks and stores', () => {
  check([
    ['no store', sink(''), ['MISSING 7:10']],
    ['an unknown store', sink('into: dc, '), ['UNKNOWN_STORE 7:35']],
    ['a topic for a store', sink('into: payments, '), ['UNKNOWN_STORE 7:35']],
    ['a store that is a list', sink('into: [db], '), ['TYPE 7:29']],
    ['a write that is none', sink('into: db, write: inset, '), ['VALUE 7:46']],
    ['a fence that is none', sink('into: db, fence: epoch, '), ['VALUE 7:46']],
    [
      'a generation without a group',
      sink('into: db, fence: generation, ').replace('from: orders, into', 'assign: [orders-0], into'),
      ['IMPOSSIBLE 7:52 7:15'],
    ],
    ['a kind that is none', after('stores: { db: { kind: databas } }'), ['VALUE 6:23']],
    ['a latency that is none', after('stores: { db: { latency: slow } }'), ['TYPE 6:26']],
    ['a name used twice', after('stores: { orders: }'), ['NAME_CLASH 6:11 2:11']],
    ['a name that is a node', after('stores: { broker-7: }'), ['NAME 6:11']],
  ])
})

describe('faults', () => {
  const withStore = (text: string): string => `${fault(text)}stores: { db: }\n`
  check([
    ['an unknown group', fault('at: 1s, crash: group-coordinator(c)'), ['UNKNOWN_GROUP 6:28']],
    [
      'a group where there is none',
      fault('at: 1s, crash: group-coordinator(b)').replace(/^consumers.*\n/m, ''),
      ['UNKNOWN_GROUP 5:28'],
    ],
    ['an unknown instance', fault('at: 1s, crash: billing#1'), ['UNKNOWN_NODE 6:28']],
    ['an instance of a store', withStore('at: 1s, crash: db#0'), ['UNKNOWN_NODE 6:28']],
    ['a misspelt store', withStore('at: 1s, crash: dbb'), ['UNKNOWN_NODE 6:28']],
    ['stores where there are none', fault('at: 1s, crash: stores'), ['UNKNOWN_NODE 6:28']],
    ['the disk of a store', withStore('at: 1s, wipe-disk: db'), ['TARGET 6:32']],
    ['a store in two groups', withStore('at: 1s, partition: [ [db], [stores] ]'), ['FAULT 6:41 6:35']],
    [
      'the coordinator of a perfect cluster',
      `${fault('at: 1s, crash: group-coordinator(b)')}cluster: perfect\n`,
      ['PERFECT 6:28'],
    ],
    ['a step before the session', fault('fail: { target: billing, step: before-sessions }'), ['VALUE 6:44']],
    ['a commit of the client itself', fault('fail: { target: billing, step: before-commit }'), ['NEVER_FIRES 6:44']],
    [
      'a commit that no script makes',
      `${steps('{ seek: { orders-0: 0 } }, { poll: 1 }')}faults: [ { fail: { target: billing, step: after-commit } } ]\n`,
      ['NEVER_FIRES 6:44'],
    ],
    [
      'a moment of no group',
      fault('when: { moment: offset.committed, group: c }, crash: broker-1'),
      ['UNKNOWN_GROUP 6:54'],
    ],
    [
      'a moment at no member',
      fault('when: { moment: member.joined, member: billing#1 }, crash: broker-1'),
      ['UNKNOWN_NODE 6:52'],
    ],
    [
      'a field that a moment has not',
      fault('when: { moment: offset.committed, grup: b }, crash: broker-1'),
      ['UNKNOWN_FIELD 6:47'],
    ],
    [
      'a record of who reads',
      fault('when: { moment: record.delivered, record: billing#0/0 }, crash: broker-1'),
      ['NEVER_FIRES 6:55'],
    ],
    [
      'a producer who reads',
      fault('when: { moment: record.delivered, producer: billing }, crash: broker-1'),
      ['NEVER_FIRES 6:57'],
    ],
    ['a misspelt moment', fault('when: { moment: offset.commited }, crash: broker-1'), ['UNKNOWN_MOMENT 6:29']],
    ['a step that nobody waits for', after('cover: [step.before-commit]'), ['NEVER_FIRES 6:9']],
    [
      'a link to no node',
      after('network: { links: [ { between: [db, broker-1], latency: 1ms } ] }'),
      ['UNKNOWN_NODE 6:33'],
    ],
  ])
})

describe('expectations', () => {
  const nobody = (text: string): string => expects(text).replace(/^consumers.*\n/m, '')
  const assigned = (text: string): string =>
    expects(text).replace(BILLING, '{ assign: [orders-0], config: { auto.offset.reset: earliest } }')
  check([
    ['the effects of a producer', expects('{ checkout:consume/exactly-once: holds }'), ['EXPECTATION 5:11']],
    ['what a consumer publishes', expects('{ billing:publish/exactly-once: holds }'), ['EXPECTATION 5:11']],
    ['a producer end to end that is read', expects('{ checkout:exactly-once: holds }'), ['EXPECTATION 5:11']],
    ['an unknown application', expects('{ biling:exactly-once: holds }'), ['EXPECTATION 5:11']],
    ['an unknown producer', expects('{ chekout:publish/exactly-once: holds }'), ['EXPECTATION 5:11']],
    ['honesty of a consumer', expects('{ billing:outcome-honesty: holds }'), ['EXPECTATION 5:11']],
    ['effects where nobody reads', nobody('{ consume/exactly-once: holds }'), ['EXPECTATION 4:11']],
    ['effects by kind where nobody reads', nobody('{ exactly-once: { violated: lost-effect } }'), ['EXPECTATION 4:37']],
    ['ghosts where nobody reads', nobody('{ no-ghosts: holds }'), ['EXPECTATION 4:11']],
    [
      'owners without a group',
      assigned('{ single-owner: holds, offset-safety: holds, fencing: holds }'),
      ['EXPECTATION 5:11', 'EXPECTATION 5:32', 'EXPECTATION 5:54'],
    ],
    ['ghosts of a producer', expects('{ checkout:no-ghosts: holds }'), ['EXPECTATION 5:11']],
    ['the log at consume', expects('{ consume/at-least-once: { violated: lost-record } }'), ['EXPECTATION 5:46']],
    ['effects at publish', expects('{ publish/at-least-once: { violated: lost-effect } }'), ['EXPECTATION 5:46']],
  ])
})

describe('not simulated yet', () => {
  check([
    ['sources', after('sources: { i: { to: orders } }'), ['NOT_SIMULATED 6:1']],
    ['share groups', keys('share: true'), ['NOT_SIMULATED 4:93']],
    ['a setting', config('client.rack: a'), ['NOT_SIMULATED 4:91']],
    [
      'steps',
      steps('{ seek: { orders-0: 0 } }, wakeup, { pause: [orders-0] }, { resume: [orders-0] }'),
      ['NOT_SIMULATED 4:80', 'NOT_SIMULATED 4:90', 'NOT_SIMULATED 4:113'],
    ],
    [
      'waiting for a moment',
      steps('{ seek: { orders-0: 0 } }, { wait: { moment: leader.elected } }'),
      ['NOT_SIMULATED 4:90'],
    ],
    ['scripts of a processor', processor('steps: [ { poll: 1 } ], '), ['NOT_SIMULATED 6:48']],
    ['scripts of a sink', sink('into: db, steps: [ { poll: 1 } ], '), ['NOT_SIMULATED 7:39']],
    ['counting', processor('transform: { count-by-key: {} }, '), ['NOT_SIMULATED 6:61']],
    ['code', processor('handler: ./h.mjs, '), ['NOT_SIMULATED 6:48']],
    ['streams', processor('streams: true, '), ['NOT_SIMULATED 6:48']],
    ['transactions', processor('commit: in-transaction, '), ['NOT_SIMULATED 6:56']],
    [
      'a transactional id',
      processor('', 'group.id: p, auto.offset.reset: earliest, transactional.id: t'),
      ['NOT_SIMULATED 6:100'],
    ],
    [
      'keys of transactions',
      processor('group-metadata: false, rewind-on-abort: true, abort: 0.5, '),
      ['NOT_SIMULATED 6:48', 'NOT_SIMULATED 6:71', 'NOT_SIMULATED 6:94'],
    ],
    ['files', after('stores: { db: { kind: files } }'), ['NOT_SIMULATED 6:23']],
    ['an endpoint', after('stores: { db: { kind: endpoint } }'), ['NOT_SIMULATED 6:23']],
    ['rows', after('stores: { db: { rows: 5 } }'), ['NOT_SIMULATED 6:17']],
    ['two phases', sink('into: db, commit: two-phase, '), ['NOT_SIMULATED 7:47']],
    ['writing files', sink('into: db, write: file, '), ['NOT_SIMULATED 7:46']],
    ['calling', sink('into: db, write: { call: { idempotency-key: record } }, '), ['NOT_SIMULATED 7:39']],
    ['deduplication', sink('into: db, deduplicate: { window: 10m }, '), ['NOT_SIMULATED 7:39']],
    ['connect', sink('into: db, connect: true, '), ['NOT_SIMULATED 7:39']],
    ['transaction coordinators', fault('at: 1s, crash: transaction-coordinator(t)'), ['NOT_SIMULATED 6:28']],
    [
      'guarantees without a judge',
      expects('{ atomicity: holds, state-equivalence: holds, isolation: holds }'),
      ['NOT_SIMULATED 5:11', 'NOT_SIMULATED 5:29', 'NOT_SIMULATED 5:55'],
    ],
    [
      'kinds without a judge',
      expects('{ progress: { violated: [stuck-group, stuck-transaction] } }'),
      ['NOT_SIMULATED 5:47'],
    ],
  ])
})
