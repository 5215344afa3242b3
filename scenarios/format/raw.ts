/**
 * What a scenario file holds, before defaults: the type of `defineScenario()`'s argument and of the schema. Keys of parts that
 * are not simulated yet are here too; the loader refuses them by name.
 */
import type { HandlerFactory } from '../handler.ts'

type Opt<T> = T | undefined

/** A name or an id; a number is taken as written. */
export type RawName = string | number
export type RawDuration = string
export type RawSpread =
  | RawDuration
  | { uniform: [RawDuration, RawDuration] }
  | { exponential: RawDuration }
  | { normal: { mean: RawDuration; stddev: RawDuration } }
export type RawTarget = string | { any: RawTarget[] }
export type RawConfigMap = Record<string, string | number | boolean | null>
/** A map of Kafka properties, or the path of a `.properties` file. */
export type RawConfig = string | RawConfigMap
export type RawMoment = { moment: string } & Record<string, string | number | boolean>

export interface RawScenario extends RawPatch {
  scenario: RawName
  variants?: Opt<Record<string, RawPatch>>
  campaign?: Opt<RawCampaign | null>
  replay?: Opt<RawReplay>
}

/** What a variant may change. */
export interface RawPatch {
  about?: Opt<string | null>
  seed?: Opt<RawName | null>
  profile?: Opt<string | RawConfigMap | null>
  tags?: Opt<RawName[] | null>
  cluster?: Opt<'perfect' | RawCluster | null>
  network?: Opt<RawNetwork | null>
  topics?: Opt<Record<string, RawConfigMap | null> | null>
  producers?: Opt<Record<string, RawProducer | null> | null>
  consumers?: Opt<Record<string, RawConsumer | null> | null>
  processors?: Opt<Record<string, RawProcessor | null> | null>
  stores?: Opt<Record<string, RawStore | null> | null>
  sinks?: Opt<Record<string, RawSink | null> | null>
  sources?: Opt<Record<string, RawSource | null> | null>
  faults?: Opt<RawFault[] | null>
  chaos?: Opt<RawChaos | null>
  run?: Opt<RawRun | null>
  cover?: Opt<string[] | null>
  expect?: Opt<Record<string, RawExpectation | null> | null>
  void?: Opt<Record<string, string | null> | null>
}

export interface RawCluster {
  brokers?: Opt<number>
  controllers?: Opt<number>
  config?: Opt<RawConfig>
  each?: Opt<Record<string, { rack?: Opt<RawName>; config?: Opt<RawConfig> }>>
}

export interface RawNetwork {
  latency?: Opt<RawSpread>
  links?: Opt<{ between: [RawName, RawName]; latency: RawSpread }[]>
}

interface RawApplication {
  instances?: Opt<number>
  start?: Opt<RawDuration>
  stop?: Opt<RawDuration>
  profile?: Opt<string | RawConfigMap>
  config?: Opt<RawConfig>
}

export interface RawProducer extends RawApplication {
  to?: Opt<RawName | RawName[]>
  send?: Opt<{ records?: Opt<number>; every?: Opt<RawSpread>; keys?: Opt<number>; size?: Opt<number> }>
  transactions?: Opt<{ every?: Opt<number>; abort?: Opt<number> }>
  'on-unknown'?: Opt<'give-up' | 'resend'>
  writes?: Opt<{ into?: Opt<RawName>; when?: Opt<'before-publishing' | 'after-publishing' | 'instead-of-publishing'> }>
  steps?: Opt<RawStep[]>
}

export type RawStep =
  | 'begin'
  | 'commit'
  | 'abort'
  | 'flush'
  | 'restart'
  | 'close'
  | {
      send?: Opt<{
        id?: Opt<RawName>
        to?: Opt<RawName>
        partition?: Opt<number>
        key?: Opt<RawName | null>
        value?: Opt<RawName | null>
        timestamp?: Opt<string>
      }>
      wait?: Opt<RawSpread | RawMoment>
      commit?: Opt<{ 'on-unknown'?: Opt<'give-up' | 'retry' | 'abort'> }>
    }

interface RawReader extends RawApplication {
  from?: Opt<RawName | RawName[]>
  process?: Opt<RawSpread>
  'commit-every'?: Opt<'poll' | 'record' | number>
  'commit-call'?: Opt<'sync' | 'async'>
  handling?: Opt<'in-order' | { 'hand-off': number }>
  /** Partitions, such as `orders-0`. */
  assign?: Opt<string[]>
  steps?: Opt<RawConsumerStep[]>
}

/** Offsets by partition, such as `{ orders-0: 5 }`. */
export type RawOffsets = Record<string, number>

export type RawConsumerStep =
  | 'commit'
  | 'close'
  | 'wakeup'
  | 'pause'
  | 'resume'
  | {
      poll?: Opt<number>
      seek?: Opt<RawOffsets>
      commit?: Opt<RawOffsets>
      wait?: Opt<RawSpread | RawMoment>
      pause?: Opt<string | string[]>
      resume?: Opt<string | string[]>
    }

export interface RawConsumer extends RawReader {
  commit?: Opt<'auto' | 'before-processing' | 'after-processing'>
  share?: Opt<boolean>
  acknowledge?: Opt<{ release?: Opt<number>; reject?: Opt<number> }>
  /** A factory of handlers (in modules only), or the path of a module that exports one. */
  handler?: Opt<string | HandlerFactory>
}

export interface RawProcessor extends RawReader {
  to?: Opt<RawName | RawName[]>
  commit?: Opt<
    'auto' | 'before-output' | 'after-output' | 'in-transaction' | { 'two-phase': { checkpoints?: Opt<RawName> } }
  >
  transform?: Opt<'copy' | { 'fan-out': number } | { 'count-by-key': Record<string, unknown> }>
  'group-metadata'?: Opt<boolean>
  'rewind-on-abort'?: Opt<boolean>
  abort?: Opt<number>
  /** A factory of handlers (in modules only), or the path of a module that exports one. */
  handler?: Opt<string | HandlerFactory>
  streams?: Opt<boolean>
}

export interface RawStore {
  kind?: Opt<'database' | 'files' | 'endpoint'>
  latency?: Opt<RawSpread>
  rows?: Opt<number>
}

export interface RawSink extends RawReader {
  into?: Opt<RawName>
  commit?: Opt<
    | 'auto'
    | 'before-output'
    | 'after-output'
    | 'with-output'
    | 'two-phase'
    | { 'two-phase': { recover?: Opt<boolean> } }
  >
  write?: Opt<
    | 'insert'
    | 'upsert'
    | 'increment'
    | 'file'
    | 'call'
    | { call: { 'idempotency-key'?: Opt<'none' | 'record'>; window?: Opt<RawDuration> } }
    | { file: { rename?: Opt<boolean> } }
  >
  fence?: Opt<'none' | 'generation' | 'offset'>
  deduplicate?: Opt<
    'none' | { window?: Opt<RawDuration>; separately?: Opt<boolean | 'before-output' | 'after-output'> }
  >
  connect?: Opt<boolean | { flush?: Opt<'put' | 'pre-commit'> }>
  /** A factory of handlers (in modules only), or the path of a module that exports one. */
  handler?: Opt<string | HandlerFactory>
}

export interface RawSource extends RawApplication {
  from?: Opt<RawName>
  to?: Opt<RawName | RawName[]>
  every?: Opt<RawSpread>
  batch?: Opt<number>
}

export interface RawStream {
  from?: Opt<RawTarget>
  to?: Opt<RawTarget>
  api?: Opt<string>
  reply?: Opt<boolean>
  nth?: Opt<number>
  count?: Opt<number>
  connection?: Opt<'any' | 'same'>
  by?: Opt<RawSpread>
}

/** One trigger, one action, and how long. */
export interface RawFault {
  at?: Opt<RawSpread>
  every?: Opt<RawSpread>
  between?: Opt<[RawDuration, RawDuration]>
  when?: Opt<RawMoment>
  fail?: Opt<{
    target: RawTarget
    step: 'before-output' | 'after-output' | 'before-commit' | 'after-commit'
    nth?: Opt<number>
  }>
  after?: Opt<RawSpread>
  times?: Opt<number>
  'every-match'?: Opt<boolean>
  for?: Opt<RawSpread>
  crash?: Opt<RawTarget>
  'power-loss'?: Opt<RawTarget>
  'wipe-disk'?: Opt<RawTarget>
  stop?: Opt<RawTarget>
  pause?: Opt<RawTarget>
  partition?: Opt<(RawTarget | RawTarget[])[]>
  isolate?: Opt<string | { target: RawTarget; direction?: Opt<'in' | 'out' | 'both'>; from?: Opt<RawTarget> }>
  delay?: Opt<RawStream>
  drop?: Opt<RawStream>
  disconnect?: Opt<{ between: [RawTarget, RawTarget] }>
  'slow-disk'?: Opt<string | { target: RawTarget; by?: Opt<RawSpread> }>
  'disk-full'?: Opt<RawTarget | { target: RawTarget; directory?: Opt<string> }>
  'disk-error'?: Opt<
    RawTarget | { target: RawTarget; of?: Opt<'reads' | 'writes' | 'flushes'>; directory?: Opt<string> }
  >
  corrupt?: Opt<RawCorruption>
  'clock-jump'?: Opt<RawClock>
  'clock-skew'?: Opt<RawClock>
  admin?: Opt<Record<string, unknown>>
}

/** Which batch on whose disk. */
export type RawCorruption =
  | RawTarget
  | { target: RawTarget; partition?: Opt<string>; batch?: Opt<'any' | 'first' | 'last' | number> }

/** What happens to a wall clock; `by` may be negative. */
export interface RawClock {
  target: RawTarget
  by: RawDuration
}

export interface RawChaos {
  budget?: Opt<'within-promise' | 'beyond' | 'hostile'>
  kinds?: Opt<string[]>
  faults?: Opt<[number, number]>
}

export interface RawRun {
  for?: Opt<RawDuration>
  'then-heal'?: Opt<RawDuration>
  runs?: Opt<number>
  'max-events'?: Opt<number>
}

/** What a campaign of the file must reach. */
export interface RawCampaign {
  runs?: Opt<number>
  quotas?: Opt<string[]>
  /** Such as `1%`. */
  share?: Opt<string>
  calibrate?: Opt<string[]>
}

export type RawExpectation = 'holds' | 'violated' | { violated: string | string[] }

export interface RawReplay {
  version: string
  'run-seed': RawName
  digest: RawName
  signature?: Opt<string>
  bases?: Opt<Record<string, 'seeded' | 'boring'>>
  overrides?: Opt<[string, number, number, number][]>
}
