import { rate, type Sample } from './sample.ts'
import type { VariantName } from './variants.ts'

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

const sampleOf = (round: Round, name: VariantName): Sample => {
  const sample = round[name]
  if (sample === undefined) throw new Error(`${name} was not measured`)
  return sample
}

/** Rate of one variant divided by the rate of another. */
function ratio(name: string, over: VariantName, under: VariantName, atLeast: number | null): Bar {
  const value = (round: Round): number => rate(sampleOf(round, over)) / rate(sampleOf(round, under))
  return { name, needs: [over, under], value, must: atLeast === null ? null : { atLeast }, digits: 2, unit: 'x' }
}

/** How many a second. */
function perSecond(name: string, variant: VariantName): Bar {
  const value = (round: Round): number => rate(sampleOf(round, variant))
  return { name, needs: [variant], value, must: null, digits: 0, unit: '' }
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

function recordsPerBareEvent(name: string, variant: VariantName, atLeast: number | null): Bar {
  const value = (round: Round): number => rate(sampleOf(round, variant)) / rate(sampleOf(round, 'bare'))
  return { name, needs: [variant, 'bare'], value, must: atLeast === null ? null : { atLeast }, digits: 4, unit: '' }
}

export const BARS: readonly Bar[] = [
  ratio('queue hold, 100 pending / C binary heap', 'heap-hold-100', 'c-hold-100', 0.8),
  ratio('queue hold, 1000 pending / C binary heap', 'heap-hold-1000', 'c-hold-1000', 0.8),
  ratio('queue hold, 100 pending / tinyqueue', 'heap-hold-100', 'tinyqueue-hold-100', 2.2),
  ratio('queue hold, 1000 pending / tinyqueue', 'heap-hold-1000', 'tinyqueue-hold-1000', 2),
  ratio('full kernel, 64 pairs / same duties in C', 'kernel', 'c-loop', 0.4),
  ratio('full kernel, 64 pairs / rxjs VirtualTimeScheduler', 'kernel', 'rxjs-ping-pong', 10),
  ratio('64 cancelled timeouts / rxjs VirtualTimeScheduler', 'requests-64', 'rxjs-requests', 25),
  ratio('full kernel, 64 pairs / @sinonjs/fake-timers', 'kernel', 'fake-timers-ping-pong', 5),
  ratio('64 cancelled timeouts / @sinonjs/fake-timers', 'requests-64', 'fake-timers-requests', 8),
  ratio('full kernel, 64 pairs / simjs, messages', 'kernel', 'simjs-messages', 1.8),
  ratio('full kernel, 64 pairs / simjs, timers', 'kernel', 'simjs-timers', 1.8),
  ratio('full kernel, 64 pairs / SimPy, processes', 'kernel', 'simpy-processes', 25),
  ratio('full kernel, 64 pairs / SimPy, callbacks', 'kernel', 'simpy-callbacks', 5),
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
  recordsPerBareEvent('1 partition, read, judged: records / bare event', 'judged-read', 0.02),
  recordsPerBareEvent('12 partitions, read, judged: records / bare event', 'judged-read-12', 0.02),
  recordsPerBareEvent('1 partition, read, not judged: records / bare event', 'unjudged-read', null),
  recordsPerBareEvent('12 partitions, read, not judged: records / bare event', 'unjudged-read-12', null),
  told('1 partition: judged / not judged', 'judging', 'ratio', 2, 'x', 1.25),
  told('12 partitions: judged / not judged', 'judging-12', 'ratio', 2, 'x', 1.25),
  told('1 partition, read: judged / not judged', 'judging-read', 'ratio', 2, 'x', 1.25),
  told('12 partitions, read: judged / not judged', 'judging-read-12', 'ratio', 2, 'x', 1.25),
  told('handlers: asynchronous / synchronous', 'own-handlers', 'ratio', 2, 'x', 2),
  told('1 partition: judging a record', 'judging', 'perRecordUs', 2, ' us', null),
  told('12 partitions, read: judging a record', 'judging-read-12', 'perRecordUs', 2, ' us', null),
  told('1 partition, judged: time per record', 'judged', 'usPerRecord', 2, ' us', null),
  told('1 partition, not judged: time per record', 'unjudged', 'usPerRecord', 2, ' us', null),
  told('12 partitions, judged: time per record', 'judged-12', 'usPerRecord', 2, ' us', null),
  told('12 partitions, not judged: time per record', 'unjudged-12', 'usPerRecord', 2, ' us', null),
  told('1 partition: events per record', 'judged', 'eventsPerRecord', 2, '', null),
  told('12 partitions: events per record', 'judged-12', 'eventsPerRecord', 2, '', null),
  told('three brokers: events per idle second', 'judged', 'idleEventsPerSecond', 1, '', null),
  told('1 partition, read, judged: time per record', 'judged-read', 'usPerRecord', 2, ' us', null),
  told('12 partitions, read, judged: time per record', 'judged-read-12', 'usPerRecord', 2, ' us', null),
  told('1 partition, read: events per record', 'judged-read', 'eventsPerRecord', 2, '', null),
  told('12 partitions, read: events per record', 'judged-read-12', 'eventsPerRecord', 2, '', null),
  told('three brokers, read: events per idle second', 'judged-read', 'idleEventsPerSecond', 1, '', null),
  told('100 members, 500 partitions: 50 rebalances', 'large-group', 'seconds', 1, ' s', 30),
  told('the same, cooperative', 'large-group-cooperative', 'seconds', 1, ' s', 30),
  told('30 brokers, 2000 records/s: 60 virtual seconds', 'scale', 'wallSeconds', 1, ' s', 60),
  told('30 brokers, 2000 records/s: processor time', 'scale', 'cpuSeconds', 1, ' s', null),
  told('30 brokers, 2000 records/s: memory', 'scale', 'rssMiB', 0, ' MiB', 2048),
  told('3 brokers, judged: an idle second', 'idle-3', 'usPerSecond', 0, ' us', null),
  told('3 brokers, 3 controllers, judged: an idle second', 'idle-3-quorum', 'usPerSecond', 0, ' us', null),
  told('3 brokers, 3 controllers: events per idle second', 'idle-3-quorum', 'eventsPerSecond', 1, '', null),
  told('30 brokers, 1000 partitions, judged: an idle second', 'idle-30', 'usPerSecond', 0, ' us', null),
  told('30 brokers, 1000 partitions: events per idle second', 'idle-30', 'eventsPerSecond', 1, '', null),
  ratio('fuzzing: fast-check / bare judged runs', 'fuzz-fast-check', 'fuzz-bare', null),
  perSecond('fuzzing: runs a second in fast-check', 'fuzz-fast-check'),
  perSecond('fuzzing: bare judged runs a second', 'fuzz-bare'),
  told('fuzzing: events per run', 'fuzz-fast-check', 'eventsPerRun', 0, '', null),
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
  sameCheck('read, judged and not: equal digest', 'judged-read', 'unjudged-read'),
  sameCheck('fuzzing: fast-check judges what a loop judges', 'fuzz-fast-check', 'fuzz-bare'),
  sameCheck(
    'rxjs, fake-timers: equal virtual time',
    'rxjs-ping-pong',
    'fake-timers-ping-pong',
    'rxjs-requests',
    'fake-timers-requests',
  ),
  sameCheck('simjs: equal virtual time with messages and timers', 'simjs-messages', 'simjs-timers'),
  sameCheck('rxjs, SimPy: equal virtual time', 'rxjs-ping-pong', 'simpy-processes', 'simpy-callbacks'),
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
