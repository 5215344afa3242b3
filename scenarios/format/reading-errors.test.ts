import { describe } from 'vitest'
import { after, BILLING, check, config, expects, fault, processor, sink, steps } from './reading.test.helper.ts'

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

const sinkInto = (kind: string, text: string): string =>
  sink(`into: db, ${text}`).replace('stores: { db: }', `stores: { db: { kind: ${kind} } }`)

describe('sinks and stores', () => {
  check([
    ['no store', sink(''), ['MISSING 7:10']],
    ['an unknown store', sink('into: dc, '), ['UNKNOWN_STORE 7:35']],
    ['a topic for a store', sink('into: payments, '), ['UNKNOWN_STORE 7:35']],
    ['a store that is a list', sink('into: [db], '), ['TYPE 7:29']],
    ['a write that is none', sink('into: db, write: inset, '), ['VALUE 7:46']],
    ['files in a database', sink('into: db, write: file, '), ['IMPOSSIBLE 7:46 7:35']],
    [
      'a call of a database',
      sink('into: db, write: { call: { idempotency-key: record } }, '),
      ['IMPOSSIBLE 7:39 7:35'],
    ],
    ['an insert into files', sinkInto('files', 'write: insert, '), ['IMPOSSIBLE 7:46 7:35']],
    ['settings of an insert', sink('into: db, write: { insert: {} }, '), ['VALUE 7:39', 'UNKNOWN_KEY 7:48']],
    ['a key that is none', sinkInto('endpoint', 'write: { call: { idempotency-key: recrd } }, '), ['VALUE 7:73']],
    ['memory of no key', sinkInto('endpoint', 'write: { call: { window: 1h } }, '), ['IMPOSSIBLE 7:56']],
    ['positions in an endpoint', sinkInto('endpoint', 'commit: with-output, '), ['IMPOSSIBLE 7:47 7:35']],
    ['a fence of an endpoint', sinkInto('endpoint', 'fence: offset, '), ['IMPOSSIBLE 7:39']],
    ['files of what is handed off', sinkInto('files', 'handling: { hand-off: 2 }, '), ['IMPOSSIBLE 7:39 7:35']],
    ['marks in an endpoint', sinkInto('endpoint', 'deduplicate: { window: 1m }, '), ['IMPOSSIBLE 7:39']],
    ['marks among files', sinkInto('files', 'deduplicate: { window: 1m }, '), ['IMPOSSIBLE 7:39']],
    ['a window of no length', sink('into: db, deduplicate: { window: 0s }, '), ['RANGE 7:62']],
    ['a window that is none', sink('into: db, deduplicate: { window: long }, '), ['TYPE 7:62']],
    ['a window before now', sink('into: db, deduplicate: { window: -1s }, '), ['TYPE 7:62']],
    ['marks nowhere', sink('into: db, deduplicate: { separately: elsewhere }, '), ['VALUE 7:66']],
    [
      'a commit that Connect does not know',
      sink('into: db, connect: true, commit: before-output, '),
      ['IMPOSSIBLE 7:62 7:48'],
    ],
    ['steps of Connect', sink('into: db, connect: true, commit-call: async, '), ['IMPOSSIBLE 7:54']],
    ['a flush that is none', sink('into: db, connect: { flush: later }, '), ['VALUE 7:57']],
    [
      'a worker without Connect',
      sink('into: db, ', 'group.id: w, auto.offset.reset: earliest, offset.flush.interval.ms: 1s'),
      ['UNKNOWN_CONFIG 7:91'],
    ],
    [
      'an interval that is none',
      sink('into: db, connect: true, ', 'group.id: w, offset.flush.interval.ms: soon'),
      ['TYPE 7:103'],
    ],
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
      'an unknown transactional id',
      fault('at: 1s, crash: transaction-coordinator(t)'),
      ['UNKNOWN_TRANSACTIONAL_ID 6:28'],
    ],
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
      'a moment of readers where there are none',
      after('cover: [offset.committed]').replace(/^consumers.*\n/m, ''),
      ['NEVER_FIRES 5:9'],
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
    ['the state of no store', expects('{ state-equivalence: holds }'), ['EXPECTATION 5:11']],
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
    ['a setting', config('client.id: a'), ['NOT_SIMULATED 4:91']],
    ['scripts of a processor', processor('steps: [ { poll: 1 } ], '), ['NOT_SIMULATED 6:48']],
    ['scripts of a sink', sink('into: db, steps: [ { poll: 1 } ], '), ['NOT_SIMULATED 7:39']],
    ['code', processor('handler: ./h.mjs, '), ['NOT_SIMULATED 6:48']],
  ])
})
