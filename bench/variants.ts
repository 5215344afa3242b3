import type { Variant } from './measure.ts'

const PAIRS = '64'
const HOLDS = 10_000_000
const EVENTS = 10_000_000
const RECORDS = 10_000
const RUNS = 400
/** Events of the engines of others, which are slower; all that are compared with each other get the same. */
const PEER_EVENTS = 1_000_000

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
  | 'requests-64'
  | `large-group${'' | '-cooperative'}`
  | 'scale'
  | `idle-${'3' | '3-quorum' | '30'}`
  | `${'rxjs' | 'fake-timers'}-${'ping-pong' | 'requests'}`
  | `simjs-${'messages' | 'timers'}`
  | `simpy-${'processes' | 'callbacks'}`
  | `fuzz-${'fast-check' | 'bare'}`
  | `${'judged' | 'unjudged'}-read`
  | `${'judged' | 'unjudged'}-read-12`
  | `judging${'' | '-12' | '-read' | '-read-12'}`
  | 'own-handlers'

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
  'judged-read': node('three-brokers', RECORDS, 'judged', '1', 'read'),
  'unjudged-read': node('three-brokers', RECORDS, 'unjudged', '1', 'read'),
  'judged-read-12': node('three-brokers', RECORDS, 'judged', '12', 'read'),
  'unjudged-read-12': node('three-brokers', RECORDS, 'unjudged', '12', 'read'),
  judging: node('cost-of-judging', 400, '1'),
  'judging-12': node('cost-of-judging', 400, '12'),
  'judging-read': node('cost-of-judging', 300, '1', 'read'),
  'judging-read-12': node('cost-of-judging', 300, '12', 'read'),
  'own-handlers': node('own-handlers', 100),
  'large-group': node('large-group', 50, 'range'),
  'large-group-cooperative': node('large-group', 50, 'cooperative-sticky'),
  scale: node('scale', 60),
  'idle-3': node('idle', 3000, '3', '1', '1'),
  'idle-3-quorum': node('idle', 3000, '3', '1', '3'),
  'idle-30': node('idle', 300, '30', '1000', '3'),
  'requests-64': node('requests', 3_000_000, PAIRS, 'heap'),
  'rxjs-ping-pong': node('rxjs-ping-pong', PEER_EVENTS, PAIRS),
  'rxjs-requests': node('rxjs-requests', PEER_EVENTS, PAIRS),
  'fake-timers-ping-pong': node('fake-timers-ping-pong', PEER_EVENTS, PAIRS),
  'fake-timers-requests': node('fake-timers-requests', PEER_EVENTS, PAIRS),
  'simjs-messages': node('simjs-ping-pong', 5 * PEER_EVENTS, PAIRS, 'messages'),
  'simjs-timers': node('simjs-ping-pong', 5 * PEER_EVENTS, PAIRS, 'timers'),
  'simpy-processes': { kind: 'simpy', style: 'processes', count: PEER_EVENTS, option: PAIRS },
  'simpy-callbacks': { kind: 'simpy', style: 'callbacks', count: PEER_EVENTS, option: PAIRS },
  'fuzz-fast-check': node('fuzz', 3000, 'fast-check'),
  'fuzz-bare': node('fuzz', 3000, 'bare'),
  processes: { kind: 'twice', workload: 'judged-runs', count: RUNS, options: ['300'] },
}
