import type { Variant } from './measure.ts'
import { rate, type Sample } from './sample.ts'

/** Samples of one round, by name of the variant. */
export type Round = Readonly<Record<string, Sample>>

/** Something demanded of the kernel or the product, as a number of one round. */
export interface Bar {
  readonly name: string
  readonly needs: readonly VariantName[]
  value(round: Round): number
  readonly must: { readonly atLeast: number } | { readonly atMost: number } | null
  readonly digits: number
  readonly unit: string
}

/** Something that must be true in every round, whatever the speed. */
export interface Check {
  readonly name: string
  readonly needs: readonly VariantName[]
  holds(round: Round): boolean
}

const PAIRS = '64'
const HOLDS = 10_000_000
const EVENTS = 10_000_000
const RECORDS = 10_000
const RUNS = 400

export type VariantName =
  | `${'c' | 'heap' | 'wheel' | 'tinyqueue'}-hold-${'100' | '1000'}`
  | 'c-loop'
  | 'kernel'
  | 'kernel-wheel'
  | 'bare'
  | 'requests'
  | 'requests-wheel'
  | 'empty-run'
  | 'memory'
  | 'judged'
  | 'unjudged'
  | 'kept'
  | 'judged-12'
  | 'unjudged-12'
  | 'workers'
  | 'processes'

const node = (workload: string, count: number, ...options: readonly string[]): Variant => ({
  kind: 'node',
  workload,
  count,
  options,
})

export const VARIANTS: Readonly<Record<VariantName, Variant>> = {
  'c-hold-100': { kind: 'c', program: 'heap-hold', count: HOLDS, option: '100' },
  'heap-hold-100': node('hold', HOLDS, '100', 'heap'),
  'wheel-hold-100': node('hold', HOLDS, '100', 'wheel'),
  'tinyqueue-hold-100': node('hold-tinyqueue', HOLDS, '100'),
  'c-hold-1000': { kind: 'c', program: 'heap-hold', count: HOLDS, option: '1000' },
  'heap-hold-1000': node('hold', HOLDS, '1000', 'heap'),
  'wheel-hold-1000': node('hold', HOLDS, '1000', 'wheel'),
  'tinyqueue-hold-1000': node('hold-tinyqueue', HOLDS, '1000'),
  'c-loop': { kind: 'c', program: 'full-loop', count: EVENTS, option: PAIRS },
  kernel: node('ping-pong', EVENTS, PAIRS, 'heap'),
  'kernel-wheel': node('ping-pong', EVENTS, PAIRS, 'wheel'),
  bare: node('bare-ping-pong', EVENTS, PAIRS),
  requests: node('requests', 3_000_000, '100', 'heap'),
  'requests-wheel': node('requests', 3_000_000, '100', 'wheel'),
  'empty-run': node('empty-run', 100_000),
  memory: node('memory', 12_500, '3'),
  judged: node('three-brokers', RECORDS, 'judged'),
  unjudged: node('three-brokers', RECORDS, 'unjudged'),
  kept: node('three-brokers', RECORDS, 'kept'),
  'judged-12': node('three-brokers', RECORDS, 'judged', '12'),
  'unjudged-12': node('three-brokers', RECORDS, 'unjudged', '12'),
  workers: node('judged-in-workers', 2 * RUNS, '300', '2'),
  processes: { kind: 'twice', workload: 'judged-runs', count: RUNS, options: ['300'] },
}

const sampleOf = (round: Round, name: VariantName): Sample => {
  const sample = round[name]
  if (sample === undefined) throw new Error(`${name} was not measured`)
  return sample
}

/** Rate of one variant divided by the rate of another. */
function ratio(name: string, over: VariantName, under: VariantName, atLeast: number): Bar {
  const value = (round: Round): number => rate(sampleOf(round, over)) / rate(sampleOf(round, under))
  return { name, needs: [over, under], value, must: { atLeast }, digits: 2, unit: 'x' }
}

/** A number that a workload tells beside its rate. */
function told(
  name: string,
  variant: VariantName,
  key: string,
  digits: number,
  unit: string,
  atMost: number | null,
): Bar {
  const value = (round: Round): number => sampleOf(round, variant).extra?.[key] ?? Number.NaN
  return { name, needs: [variant], value, must: atMost === null ? null : { atMost }, digits, unit }
}

function recordsPerBareEvent(name: string, variant: VariantName, atLeast: number): Bar {
  const value = (round: Round): number => rate(sampleOf(round, variant)) / rate(sampleOf(round, 'bare'))
  return { name, needs: [variant, 'bare'], value, must: { atLeast }, digits: 4, unit: '' }
}

export const BARS: readonly Bar[] = [
  ratio('queue hold, 100 pending / C binary heap', 'heap-hold-100', 'c-hold-100', 0.8),
  ratio('queue hold, 1000 pending / C binary heap', 'heap-hold-1000', 'c-hold-1000', 0.8),
  ratio('queue hold, 100 pending / tinyqueue', 'heap-hold-100', 'tinyqueue-hold-100', 2.2),
  ratio('queue hold, 1000 pending / tinyqueue', 'heap-hold-1000', 'tinyqueue-hold-1000', 2),
  ratio('full kernel, 64 pairs / same duties in C', 'kernel', 'c-loop', 0.4),
  {
    name: 'empty run, in events of the full kernel',
    needs: ['empty-run', 'kernel'],
    value: (round) => rate(sampleOf(round, 'kernel')) / rate(sampleOf(round, 'empty-run')),
    must: { atMost: 100 },
    digits: 0,
    unit: '',
  },
  ratio('three brokers, trace kept / discarded', 'kept', 'unjudged', 0.85),
  ratio('2 workers / 2 processes', 'workers', 'processes', 0.9),
  told('10,000 judged runs leave on the heap', 'memory', 'grownKiB', 0, ' KiB', 1024),
  recordsPerBareEvent('1 partition, judged: records / bare event', 'judged', 0.03),
  recordsPerBareEvent('1 partition, not judged: records / bare event', 'unjudged', 0.05),
  recordsPerBareEvent('12 partitions, judged: records / bare event', 'judged-12', 0.03),
  recordsPerBareEvent('12 partitions, not judged: records / bare event', 'unjudged-12', 0.05),
  told('1 partition, judged: time per record', 'judged', 'usPerRecord', 2, ' us', null),
  told('1 partition, not judged: time per record', 'unjudged', 'usPerRecord', 2, ' us', null),
  told('12 partitions, judged: time per record', 'judged-12', 'usPerRecord', 2, ' us', null),
  told('12 partitions, not judged: time per record', 'unjudged-12', 'usPerRecord', 2, ' us', null),
  told('1 partition: events per record', 'judged', 'eventsPerRecord', 2, '', null),
  told('12 partitions: events per record', 'judged-12', 'eventsPerRecord', 2, '', null),
  told('three brokers: events per idle second', 'judged', 'idleEventsPerSecond', 1, '', null),
]

const sameCheck = (name: string, ...needs: readonly VariantName[]): Check => ({
  name,
  needs,
  holds: (round) => new Set(needs.map((need) => sampleOf(round, need).check)).size === 1,
})

export const CHECKS: readonly Check[] = [
  sameCheck('heap and wheel: equal digest of the kernel', 'kernel', 'kernel-wheel'),
  sameCheck('kernel and C: equal digest', 'kernel', 'c-loop'),
  sameCheck(
    'heap, wheel, tinyqueue: equal order, 100 pending',
    'heap-hold-100',
    'wheel-hold-100',
    'tinyqueue-hold-100',
  ),
  sameCheck('heap and C: equal order, 100 pending', 'heap-hold-100', 'c-hold-100'),
  sameCheck(
    'heap, wheel, tinyqueue: equal order, 1000 pending',
    'heap-hold-1000',
    'wheel-hold-1000',
    'tinyqueue-hold-1000',
  ),
  sameCheck('heap and C: equal order, 1000 pending', 'heap-hold-1000', 'c-hold-1000'),
  sameCheck('judged, not judged, trace kept: equal digest', 'judged', 'unjudged', 'kept'),
  sameCheck('requests: equal digest on heap and wheel', 'requests', 'requests-wheel'),
  {
    name: '100 requests with cancelled 30 s timeouts: queue size = live timers',
    needs: ['requests', 'requests-wheel'],
    holds: (round) =>
      (['requests', 'requests-wheel'] as const).every((name) => {
        const { pending, live, cancelled = 0 } = sampleOf(round, name).extra ?? {}
        return pending === live && cancelled > 0
      }),
  },
]
