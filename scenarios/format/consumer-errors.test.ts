import { describe } from 'vitest'
import { after, check, config, consumer, keys, PLAIN, processor, sink, steps } from './reading.test.helper.ts'

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
    [
      'a switch of clients that publish',
      keys('profile: { base: kafka-4.1, retry.siblings: send-again }'),
      ['IMPOSSIBLE 4:121'],
    ],
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
    ['a duration', consumer('{ from: orders, config: { group.id: b, auto.offset.reset: "by_duration:PT1H30M" } }'), []],
    [
      'a duration that is none',
      consumer('{ from: orders, config: { group.id: b, auto.offset.reset: "by_duration:1h" } }'),
      ['VALUE 4:81'],
    ],
    [
      'a negative duration',
      consumer('{ from: orders, config: { group.id: b, auto.offset.reset: "by_duration:-PT1H" } }'),
      ['VALUE 4:81'],
    ],
    [
      'a word with too little',
      consumer('{ from: orders, config: { group.id: b, auto.offset.reset: by_duration } }'),
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
    ['an assignor that is misspelt', config('partition.assignment.strategy: "range, roundrobbin"'), ['VALUE 4:122']],
    ['one assignor twice', config('partition.assignment.strategy: "range, range"'), ['CONFIG_REFUSED 4:122']],
    [
      'what the consumer protocol leaves to the brokers',
      config('group.protocol: consumer, session.timeout.ms: 10s, heartbeat.interval.ms: 1s'),
      ['CONFIG_REFUSED 4:117', 'CONFIG_REFUSED 4:142'],
    ],
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
    ['on two brokers', after('cluster: { brokers: 2 }'), ['CONFIG_SURPRISE 6:21 4:59']],
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
    [
      'with a session that these brokers take',
      `${config('session.timeout.ms: 5s, heartbeat.interval.ms: 1s')}cluster: { config: { group.min.session.timeout.ms: 1s } }\n`,
      [],
    ],
    [
      'whose sessions no broker can grant',
      after('cluster: { config: { group.min.session.timeout.ms: 3s, group.max.session.timeout.ms: 2s } }'),
      ['CONFIG_REFUSED 6:52 6:86'],
    ],
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
    ['pausing what is not read', steps('{ seek: { orders-0: 0 } }, { pause: payments-0 }'), ['IMPOSSIBLE 4:89']],
    ['pausing nothing', steps('{ seek: { orders-0: 0 } }, { pause: 5s }'), ['UNKNOWN_TOPIC 4:89']],
    ['beyond the end', steps('{ seek: { orders-0: 1000000 } }, { poll: 1 }'), ['CONFIG_SURPRISE 4:73']],
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
