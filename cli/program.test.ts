import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { bench, type Bench } from './fake-context.test.support.ts'
import { realEngine } from './real-engine.ts'

let at: Bench
beforeEach(() => {
  at = bench()
})

test('--version and --help are no mistakes', async () => {
  expect(await at.run('--version')).toEqual({ exit: 0, out: 'twiceshy 0.0.0\n', err: '' })
  const help = await at.run('--help')
  expect(help.exit).toBe(0)
  for (const command of ['run', 'replay', 'check-determinism', 'list', 'init', 'schema', 'fuzz', 'merge']) {
    expect(help.out).toContain(`\n  ${command} `)
  }
  expect(help.out).not.toContain('\n  digests')
})

test.each(['check'])('%s is refused as not built yet', async (name) => {
  const { exit, err } = await at.run(name, 'a.yaml', '--seed', '1')
  expect(exit).toBe(2)
  expect(err).toContain(`the command ${name} is not built yet`)
})

test.each([
  [['runn', 'a.yaml'], 'help: did you mean `run`?'],
  [['a.yaml'], 'help: twiceshy run a.yaml'],
  [['--seed', '3', 'run', 'a.yaml'], 'the command run must come before its flags'],
  [['list', 'things'], 'there is no list of "things"'],
  [['list', 'faults', 'a.yaml'], 'list faults takes no paths'],
  [['run'], "missing required argument 'scenarios'"],
  [['replay', 'a', 'b'], 'too many arguments'],
])('%j is bad usage', async (args, message) => {
  const { exit, err } = await at.run(...args)
  expect(err).toContain(message)
  expect(exit).toBe(2)
})

describe('list', () => {
  test.each([
    ['guarantees', 'at-least-once'],
    ['anomalies', 'lost-acked-write'],
    ['faults', 'power-loss'],
    ['moments', 'produce.acked'],
    ['configs', 'min.insync.replicas'],
    ['profiles', 'kafka-4.1'],
  ])('%s', async (topic, name) => {
    const { exit, out } = await at.run('list', topic)
    expect(exit).toBe(0)
    expect(out).toContain(name)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
  })

  test('scenarios of the library, or of paths', async () => {
    at.file('scenarios/library/a.yaml', [{ title: 'first', variant: 'old', runs: 7 }])
    expect((await at.run('list', 'scenarios')).out).toBe(
      'first · old  7 runs  scenarios/library/a.yaml: durability holds\n',
    )
    at.file('b.yaml', [])
    expect((await at.run('list', 'scenarios', 'b.yaml')).exit).toBe(4)
  })
})

describe('init', () => {
  test('writes what is missing and never overwrites', async () => {
    const first = await at.run('init', 'new')
    expect(first.exit).toBe(0)
    expect(first.out).toContain('wrote   new/scenarios/first.yaml')
    expect(first.out).toContain('Now: twiceshy run new/scenarios/first.yaml')
    const path = join(at.folder, 'new/scenarios/first.yaml')
    expect(readFileSync(path, 'utf8')).toContain('scenario: ')
    writeFileSync(path, 'mine')
    const second = await at.run('init', 'new')
    expect(second).toMatchObject({ exit: 0, err: '' })
    expect(second.out).toContain('exists  new/scenarios/first.yaml, left as it is')
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })

  test('a file in the way is told', async () => {
    at.file('new', 'a file')
    const { exit, err } = await at.run('init', 'new')
    expect(exit).toBe(2)
    expect(err).toContain('a part of the path is a file')
  })
})

describe('init with own settings', () => {
  // The product's own loader: what is wrong with somebody's settings is its to say.
  const own = bench({ engine: realEngine })

  test('writes a scenario of them that loads, and warns of what is left out', async () => {
    own.file('conf/p.properties', 'acks=all\nbootstrap.servers=a:9092\nackz=1\n')
    const { exit, out, err } = await own.run('init', 'a', '--producer', 'conf/p.properties', '--topic', 'orders:6:3:2')
    expect(exit).toBe(0)
    expect(out).toContain('wrote   a/scenarios/orders.yaml')
    expect(out).toContain('Now: twiceshy run a/scenarios/orders.yaml')
    expect(err).toContain('warning: conf/p.properties:2:1 the producer setting `bootstrap.servers` is not simulated')
    expect(err).toContain("warning: conf/p.properties:3:1 Kafka's producer has no setting `ackz`")
    const text = readFileSync(join(own.folder, 'a/scenarios/orders.yaml'), 'utf8')
    expect(text).toContain('orders: { partitions: 6, replication.factor: 3, min.insync.replicas: 2 }')
    expect(text).toContain('config: ../../conf/p.properties')
    const listed = await own.run('list', 'scenarios', 'a/scenarios/orders.yaml')
    expect(listed).toMatchObject({ exit: 0 })
  })

  test('writes nothing when Kafka would refuse them', async () => {
    own.file('bad.properties', 'acks=1\nenable.idempotence=true\n')
    const { exit, out, err } = await own.run('init', 'b', '--producer', 'bad.properties')
    expect([exit, out]).toEqual([2, ''])
    expect(err).toContain('╭─ bad.properties:2:20')
    expect(err).toContain('1 mistake in 1 file; nothing was written')
    expect(existsSync(join(own.folder, 'b'))).toBe(false)
  })

  test('a producer and a consumer become one scenario, whatever the files look like', async () => {
    own.file('p.properties', 'acks = 1\r\nenable.idempotence=false')
    const lines = [
      '! written by an editor of another system',
      'group.id=first',
      'group\\u002eid : bil\\',
      '    ling',
      'auto.offset.reset earliest',
      'enable.auto.commit=false',
      'bootstrap.servers=a:9092',
      'max.pol.records=5',
      'key.deserializer=a.B\\',
    ]
    own.file('c.properties', lines.join('\r\n'))
    const flags = ['--producer', 'p.properties', '--consumer', 'c.properties', '--topic', 'orders:6:3:2']
    const { exit, out, err } = await own.run('init', 'e', ...flags)
    expect(exit).toBe(0)
    expect(out).toContain('`twiceshy fuzz`')
    expect(err).toContain('warning: c.properties:3:1 `group.id` is written twice; Java takes the last')
    expect(err).toContain('warning: c.properties:7:1 the consumer setting `bootstrap.servers` is not simulated')
    expect(err).toContain("warning: c.properties:8:1 Kafka's consumer has no setting `max.pol.records`")
    const text = readFileSync(join(own.folder, 'e/scenarios/orders.yaml'), 'utf8')
    expect(text).toContain('    commit: after-processing')
    expect(text).toContain('    config: ../../c.properties')
    expect(text.slice(text.indexOf('expect:'))).not.toContain('violated')
    expect(existsSync(join(own.folder, 'e/scenarios/consumer.properties'))).toBe(false)
    const engine = await realEngine()
    const config = (path: string): string => readFileSync(join(own.folder, 'e/scenarios', path), 'utf8')
    const [loaded] = engine.load('o.yaml', text, { set: [], profile: null, readConfig: config }).scenarios
    expect(loaded?.spec.consumers[0]?.config).toMatchObject({ 'group.id': 'billing', 'auto.offset.reset': 'earliest' })
    expect(loaded?.spec.producers[0]?.config).toMatchObject({ acks: '1', 'enable.idempotence': false })
  })

  test('a consumer without a group gets one, in a copy of its file', async () => {
    own.file('none.properties', 'auto.offset.reset=earliest\nclient.id=a\\')
    const { exit, out, err } = await own.run('init', 'f', '--consumer', 'none.properties', '--topic', 'orders')
    expect(exit).toBe(0)
    expect(out).toContain('wrote   f/scenarios/consumer.properties')
    expect(err).toContain('consumer.properties:2:1 the consumer setting `client.id` is not simulated')
    const text = readFileSync(join(own.folder, 'f/scenarios/orders.yaml'), 'utf8')
    expect(text).toContain('config: ./consumer.properties')
    expect(text).not.toContain('commit:')
    expect(readFileSync(join(own.folder, 'f/scenarios/consumer.properties'), 'utf8')).toMatch(/\ngroup\.id=my-group\n$/)
    expect(await own.run('list', 'scenarios', 'f/scenarios/orders.yaml')).toMatchObject({ exit: 0 })
  })

  test('takes several topics, by defaults where numbers are left out', async () => {
    const { exit, err } = await own.run('init', 'c', '--topic', 'producer', '--topic', '0815:2:5')
    expect([exit, err]).toEqual([0, ''])
    const text = readFileSync(join(own.folder, 'c/scenarios/producer.yaml'), 'utf8')
    expect(text).toContain('to: [producer, "0815"]')
    expect(text).toContain('cluster: { brokers: 5 }')
    expect(text).toContain('  publisher:\n')
  })

  test.each([
    [['--topic', ':3'], 'that is no topic'],
    [['--topic', 'a:0'], '"0" is no whole number from 1'],
    [['--topic', 'a:1:2:3'], 'can never be met by 2 replicas'],
    [['--topic', 'a', '--topic', 'a:2'], 'names a twice'],
    [['--producer', 'nowhere'], 'nowhere cannot be read: it does not exist'],
    [['--consumer', 'nowhere'], 'nowhere cannot be read: it does not exist'],
    [['--consumer', 'binary.properties'], 'binary.properties is not a text file'],
    [['--consumer', 'latin.properties'], 'latin.properties is not a text file'],
    [['--consumer', 'escape.properties'], '`\\u` is followed by four hexadecimal digits'],
    [['--consumer', 'wrong.properties'], 'auto.offset.reset'],
    [['--topic', 'a b'], 'a b'],
  ])('%j is exit 2', async (flags, message) => {
    writeFileSync(join(own.folder, 'binary.properties'), Uint8Array.from([103, 0, 255, 10]))
    writeFileSync(join(own.folder, 'latin.properties'), Uint8Array.from([103, 114, 61, 233, 10]))
    own.file('escape.properties', 'group.id=a\\u12\n')
    own.file('wrong.properties', 'group.id=a\nauto.offset.reset=sometimes\n')
    const { exit, err } = await own.run('init', 'd', ...flags)
    expect(exit).toBe(2)
    expect(err).toContain(message)
    expect(existsSync(join(own.folder, 'd'))).toBe(false)
  })
})

test('schema prints JSON', async () => {
  expect(JSON.parse((await at.run('schema')).out)).toEqual({ title: 'a schema' })
})

describe('replay', () => {
  const record = {
    version: '0.0.0',
    runSeed: '1/7',
    digest: 'found/1/7',
    signature: 'durability: lost-acked-write',
    bases: {},
    overrides: [],
  }
  const saved = { title: 'found', replay: record, tags: ['violate:0'] }

  test('is green while digest and violation come back', async () => {
    at.file('a.yaml', [saved])
    const { exit, out } = await at.run('replay', 'a.yaml')
    expect(exit).toBe(0)
    expect(out).toContain('✓ digest     as recorded: found/1/7')
    expect(out).toContain('✓ violation  as recorded: durability: lost-acked-write')
    expect(out).toContain('12.345s  lost-acked-write: seen in run 0')
  })

  test('says that the violation is gone', async () => {
    at.file('a.yaml', [{ ...saved, tags: [] }])
    const { exit, out } = await at.run('replay', 'a.yaml')
    expect(exit).toBe(1)
    expect(out).toContain('✓ digest')
    expect(out).toContain('✗ violation  durability: lost-acked-write is gone; nothing is violated now')
  })

  test('says that the digest differs, and that another version recorded it', async () => {
    at.file('a.yaml', [{ ...saved, replay: { ...record, digest: 'other', version: '0.9.0' } }])
    const { exit, out } = await at.run('replay', 'a.yaml')
    expect(exit).toBe(1)
    expect(out).toContain('✗ digest     differs from the recorded one')
    expect(out).toContain('recorded other')
    expect(out).toContain('recorded by twiceshy 0.9.0, this is 0.0.0')
    expect(out).toContain('✓ violation')
  })

  test('any other file is judged in run 0 by its expectations', async () => {
    at.file('a.yaml', [{ runs: 50, tags: ['violate:0'] }])
    expect(await at.run('replay', 'a.yaml')).toMatchObject({ exit: 1 })
    at.file('b.yaml', [{ runs: 50, tags: ['violate:1'] }])
    const { exit, out } = await at.run('replay', 'b.yaml')
    expect(exit).toBe(0)
    expect(out).toContain('digest sample/1')
  })
})

describe('check-determinism', () => {
  test('compares threads and queues', async () => {
    at.file('a.yaml', [{ runs: 4 }, { runs: 1 }])
    const { exit, out } = await at.run('check-determinism', 'a.yaml')
    expect(exit).toBe(0)
    expect(out).toContain('✓ main thread, heap queue')
    expect(out).toContain('20 runs in 4 ways, every digest the same')
  })

  test.each(['flaky:2', 'queue-matters'])('%s is exit 70 with the first run that differs', async (tag) => {
    at.file('a.yaml', [{ runs: 4, tags: [tag] }])
    const { exit, out, err } = await at.run('check-determinism', 'a.yaml')
    expect(exit).toBe(70)
    expect(out).toContain('✗ the runs are not the same everywhere')
    expect(err).toContain('the same run gave two digests')
    expect(err).toContain(tag === 'flaky:2' ? 'run       2 · seed 1/2' : 'run       0 · seed 1')
    // Judged once more in both ways, with both traces kept.
    expect(err).toMatch(/the traces part at record \d+:/)
    expect(err).toContain(`before  0.000000 s broker-1 node.started incarnation=${tag === 'flaky:2' ? 2 : 0}`)
    expect(err).toMatch(tag === 'flaky:2' ? /first {3}the word "made -\d/ : /first {3}the word "made heap"/)
    expect(err).toMatch(tag === 'flaky:2' ? /second {2}the word "made -\d/ : /second {2}the word "made wheel"/)
  })

  test('a Node binary that is none is refused', async () => {
    at.file('a.yaml', [{}])
    expect(await at.run('check-determinism', 'a.yaml', '--node', './nothing')).toMatchObject({ exit: 2 })
  })
})
