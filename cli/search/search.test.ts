import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ResultDocument } from '../../reports/result.ts'
import { UsageError } from '../usage-error.ts'
import { called, type Ended, MAIN } from '../built.test.support.ts'
import { Corpus, slugOf } from './corpus.ts'

// The built command line as a process of its own: for Ctrl-C.

const SCENARIO = `scenario: Payments, acks=1
topics: { payments: { partitions: 1, replication.factor: 3, min.insync.replicas: 2 } }
producers:
  checkout: { to: payments, send: { records: 80, every: 2ms }, config: { acks: 1, enable.idempotence: false } }
chaos: { kinds: [crash], faults: [1, 4] }
run: { for: 5s, runs: 60 }
expect: { publish/at-least-once: { violated: lost-record } }
`
const SAFE = ['--set', 'producers.checkout.config.acks=all']

function fresh(): string {
  const folder = mkdtempSync(join(tmpdir(), 'twiceshy-search-'))
  writeFileSync(join(folder, 'a.yaml'), SCENARIO)
  return folder
}

function saved(folder: string, corpus: string = 'corpus'): readonly string[] {
  const at = join(folder, corpus, 'payments-acks-1')
  return existsSync(at) ? readdirSync(at).map((name) => `${corpus}/payments-acks-1/${name}`) : []
}

describe('fuzz', () => {
  const folder = fresh()
  let first: Ended
  let file: string
  beforeAll(async () => {
    first = await called(folder, 'fuzz', 'a.yaml', '--jobs', '2')
    file = saved(folder)[0] ?? 'nothing was saved'
  })

  test('finds, shrinks, saves one file, and says what to change', async () => {
    expect({ code: first.code, err: first.err, files: saved(folder).length }).toEqual({ code: 1, err: '', files: 1 })
    expect(file).toMatch(/\/[0-9a-f]{8}\.yaml$/)
    expect(first.out).toContain('publish/at-least-once is violated')
    expect(first.out).toMatch(/shrunk {3}from \d faults? to 1, from 80 records to \d+, in \d+ steps/)
    expect(first.out).toContain(`again    npx twiceshy replay ${file}`)
    expect(first.out).toContain('--set producers.checkout.config.acks=all')
    expect(first.out).toMatch(/1 scenario: 1 violated · .* · exit 1\n$/)
  })

  test('what it saved explains itself, is red to run, and green to replay', async () => {
    const text = readFileSync(join(folder, file), 'utf8')
    expect(text).toMatch(/^# Found by: twiceshy fuzz a\.yaml --seed 1 \(run \d+\), twiceshy \d/)
    expect(text).toContain('publish/at-least-once: holds')
    expect(text).toContain(`# Replay:   npx twiceshy replay ${file}`)
    expect((await called(folder, 'run', file)).code).toBe(1)
    const replayed = await called(folder, 'replay', file)
    expect({ code: replayed.code, err: replayed.err }).toEqual({ code: 0, err: '' })
    expect(replayed.out).toContain('✓ violation  as recorded: publish/at-least-once: lost-record')
  })

  test('is told first next time, and not saved again', async () => {
    const again = await called(folder, 'fuzz', 'a.yaml')
    expect(again).toMatchObject({ code: 1, err: '', out: expect.stringContaining(`known    ${file}`) as string })
    expect(saved(folder)).toEqual([file])
  })

  test('one document with the path, the same with any number of jobs, and nothing else', async () => {
    const documents: string[] = []
    for (const jobs of ['1', '2']) {
      const corpus = `json-${jobs}`
      const { code, out, err } = await called(folder, 'fuzz', 'a.yaml', '--json', '--jobs', jobs, '--corpus', corpus)
      expect({ code, err }).toEqual({ code: 1, err: '' })
      const document = JSON.parse(out) as ResultDocument
      expect(document).toMatchObject({ command: 'fuzz', summary: { scenarios: 1, notMet: 1 } })
      expect(document.scenarios[0]?.counterexample).toBe(saved(folder, corpus)[0])
      documents.push(out.replaceAll(corpus, 'json'))
    }
    expect(documents[0]).toBe(documents[1])
    // Only the command in the comment at the top is another one, so the content has the same name.
    expect(saved(folder, 'json-1')[0]?.slice(6)).toBe(file.slice(6))
  })

  test('nothing found is exit 0, and nothing is saved', async () => {
    const safe = await called(folder, 'fuzz', 'a.yaml', ...SAFE, '--runs', '30', '--corpus', 'safe')
    expect(safe).toMatchObject({ code: 0, err: '', out: expect.stringContaining('violated in 0 of 30 runs') as string })
    expect(existsSync(join(folder, 'safe'))).toBe(false)
    // What was saved of the unsafe setting is tried, and does not show anything any more.
    expect((await called(folder, 'fuzz', 'a.yaml', ...SAFE, '--runs', '5')).code).toBe(0)
  })

  test('without a budget for shrinking the run is saved as it is', async () => {
    const { code } = await called(folder, 'fuzz', 'a.yaml', '--shrink-budget', '0', '--corpus', 'large', '--json')
    const [large = ''] = saved(folder, 'large')
    expect(code).toBe(1)
    expect(readFileSync(join(folder, large), 'utf8')).toContain('records: 80')
    expect((await called(folder, 'replay', large)).code).toBe(0)
  })

  test('budgets that are none are mistakes', async () => {
    for (const flags of [
      ['--shrink-budget', 'long'],
      ['--time-budget', '0s'],
      ['--corpus', ''],
    ]) {
      expect((await called(folder, 'fuzz', 'a.yaml', ...flags)).code).toBe(2)
    }
  })
})

interface Interrupted {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Says so on standard error when the process begins to listen for Ctrl-C. */
const LISTENS = `data:text/javascript,process.on('newListener',(name)=>{if(name==='SIGINT')process.stderr.write('listens ')})`

/** Sends a signal once the condition holds, looked at often; or when the process ended before it ever did. */
async function interrupted(
  folder: string,
  args: readonly string[],
  when: (err: string) => boolean,
): Promise<Interrupted> {
  const child = spawn(process.execPath, ['--import', LISTENS, MAIN, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const watch = setInterval(() => {
    if (!when(err)) return
    clearInterval(watch)
    child.kill('SIGINT')
  }, 5)
  const code = await ended
  clearInterval(watch)
  return { code, out, err }
}

test('Ctrl-C while nothing is found yet is exit 130', async () => {
  const folder = fresh()
  const args = ['fuzz', 'a.yaml', ...SAFE, '--time-budget', '60s', '--jobs', '1', '--json']
  const { code, out } = await interrupted(folder, args, (err) => err.includes('listens'))
  expect(code).toBe(130)
  expect((JSON.parse(out) as ResultDocument).summary).toMatchObject({ stopped: 'interrupted' })
})

test('Ctrl-C while it saves and shrinks leaves one whole file, which comes back', async () => {
  const folder = fresh()
  // A part of the file, or the first version of it, is there.
  const begun = (): boolean => saved(folder).length > 0
  const { code, err } = await interrupted(folder, ['fuzz', 'a.yaml', '--shrink-budget', '60s'], begun)
  expect(err).not.toContain('internal error')
  // Rarely everything is over before the signal comes.
  expect([130, 1]).toContain(code)
  const files = saved(folder)
  expect(files).toHaveLength(1)
  expect(files[0]).toMatch(/\/[0-9a-f]{8}\.yaml$/)
  expect((await called(folder, 'replay', files[0] ?? '')).code).toBe(0)
})

describe('whatever lies in the corpus', () => {
  const folder = fresh()
  const at = join(folder, 'corpus', 'payments-acks-1')
  const put = (name: string, text: string | Uint8Array): void => writeFileSync(join(at, name), text)
  beforeAll(() => {
    mkdirSync(at, { recursive: true })
    put('README.md', 'mine')
    put('00000000.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n')
    put('11111111.yaml', ': : [')
    put('22222222.yaml', Uint8Array.from([0, 159, 146, 150]))
    put('33333333.yaml', `${SCENARIO}replay: { version: 99.0.0, run-seed: 1/1, digest: abc, future: true }\n`)
    put('44444444.yaml', '[]\n')
    put('55555555.yaml', `${SCENARIO}faults: nonsense\nreplay: { version: 0.0.1, run-seed: 7, digest: abc }\n`)
    mkdirSync(join(at, '66666666.yaml'))
    put('77777777.yaml.part', 'half a fi')
    put('88888888.yaml', '')
  })

  test('foreign and broken files are passed over and left alone', async () => {
    const before = readdirSync(at)
    const { code, out, err } = await called(folder, 'fuzz', 'a.yaml', '--shrink-budget', '0', '-q')
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(out).toContain('saved    corpus/payments-acks-1/')
    expect(readdirSync(at).filter((name) => before.includes(name))).toEqual(before)
    expect(readdirSync(at)).toHaveLength(before.length + 1)
  })

  test('a file of another version is replayed with a word about it, one of somebody else is a mistake', async () => {
    const path = saved(folder).find((name) => !/(\d)\1{7}|README/.test(name)) ?? ''
    const text = readFileSync(join(folder, path), 'utf8')
    const older = text.replace(/version: [\d.]+/, 'version: 0.0.1')
    writeFileSync(join(folder, 'old.yaml'), older)
    expect((await called(folder, 'replay', 'old.yaml')).code).toBe(0)
    // It came from a release under which the seed meant another run.
    writeFileSync(join(folder, 'old.yaml'), older.replace(/digest: .*/, 'digest: 0123abcd'))
    const old = await called(folder, 'replay', 'old.yaml')
    expect(old.code).toBe(1)
    expect(old.out).toContain('recorded by twiceshy 0.0.1, this is')
    const foreign = await called(folder, 'replay', 'corpus/payments-acks-1/00000000.yaml')
    expect(foreign.code).toBe(2)
  })
})

test('a corpus that cannot be written is told before the search, not after it', async () => {
  const folder = fresh()
  writeFileSync(join(folder, 'taken'), 'a file')
  const { code, out, err } = await called(folder, 'fuzz', 'a.yaml', '--corpus', 'taken')
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('taken is no folder')
})

test('shrink makes a hand-written file smaller; a file that violates nothing cannot be', async () => {
  const folder = fresh()
  const { code, out } = await called(folder, 'shrink', 'a.yaml')
  expect(code).toBe(0)
  expect(out).toContain('minimal')
  expect((await called(folder, 'replay', saved(folder)[0] ?? '')).code).toBe(0)
  const gone = await called(folder, 'shrink', 'a.yaml', ...SAFE, '--runs', '5')
  expect(gone).toEqual({ code: 1, out: '', err: 'nothing is violated in 5 runs of a.yaml\n' })
})

test('explain and run -v tell the story and what to change, in the same words', async () => {
  const folder = fresh()
  const explained = await called(folder, 'explain', 'a.yaml')
  const run = await called(folder, 'run', 'a.yaml', '-v', '--runs', '20')
  expect([explained.code, run.code]).toEqual([0, 0])
  expect(explained.out).toContain('  story\n')
  expect(explained.out).toContain('--set producers.checkout.config.acks=all')
  const advice = explained.out.slice(explained.out.indexOf('  change   '))
  expect(run.out).toContain(advice)
})

describe('the corpus', () => {
  test('a slug has whole words of the title, and all of the variant', async () => {
    expect(slugOf({ title: 'Payments, acks=1!', variant: null })).toBe('payments-acks-1')
    expect(slugOf({ title: 'word '.repeat(30), variant: 'before-3.0' })).toBe(
      'word-word-word-word-word-word-word-before-3-0',
    )
    expect(slugOf({ title: '…', variant: null })).toBe('scenario')
  })

  test('a better counterexample replaces the one before, but never a file that was there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'twiceshy-corpus-'))
    const scenario = { title: 'a', variant: null } as Parameters<Corpus['slot']>[0]
    const slot = new Corpus('c', folder).slot(scenario)
    const first = slot.save('large', (path) => `# ${path}\nlarge`)
    expect(readFileSync(join(folder, first), 'utf8')).toBe(`# ${first}\nlarge`)
    const second = slot.save('small', () => 'small')
    expect(new Corpus('c', folder).filesOf(scenario)).toEqual([second])
    const other = new Corpus('c', folder).slot(scenario)
    other.save('small', () => 'small again')
    const third = other.save('tiny', () => 'tiny')
    expect(new Corpus('c', folder).filesOf(scenario)).toEqual([second, third].sort((a, b) => (a < b ? -1 : 1)))
    writeFileSync(join(folder, 'blocked'), '')
    expect(() => new Corpus('blocked', folder).slot(scenario).save('x', () => 'x')).toThrow(UsageError)
  })
})
