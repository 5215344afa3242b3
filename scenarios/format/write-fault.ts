import type { Action, FailStep, PlannedFault, StreamMatch, Target } from '../../sim/faults/plan.ts'
import type { Spread } from '../../sim/kernel/spread.ts'
import { MILLISECOND } from '../../sim/kernel/time.ts'
import type { RawCorruption, RawFault, RawMoment, RawSpread, RawStream, RawTarget } from './raw.ts'
import { formatDuration } from './values/duration.ts'

/** What `slow-disk: <target>` adds to every disk operation when the file does not say. */
const DEFAULT_SLOWNESS = 100 * MILLISECOND

/**
 * A planned fault in the words of a scenario file; loading them gives a fault that is drawn into the same plan again. Two
 * things have no words: that a fault fires only while there is work (it becomes a plain `at`), and an answer sent by a
 * client (there is none).
 */
export function writeFault(fault: PlannedFault): RawFault {
  const fail = failOf(fault)
  return {
    ...(fail === null ? { ...writeTrigger(fault.trigger), ...writeAction(fault.action) } : { fail }),
    ...(fault.forUs === null ? {} : { for: formatDuration(fault.forUs) }),
  }
}

const STEPS: readonly FailStep[] = ['before-output', 'after-output', 'before-commit', 'after-commit']

/** A crash of an instance at a step of its own, which has a word: `fail`. Null when the fault is something else. */
function failOf({ trigger, action }: PlannedFault): RawFault['fail'] | null {
  if (trigger.kind !== 'when' || action.kind !== 'crash' || action.target.kind !== 'node') return null
  const { match, nth, everyMatch, times, afterUs } = trigger
  const step = STEPS.find((each) => `step.${each}` === match.moment)
  const node = action.target.name
  const itself = Object.keys(match.fields).join() === 'node' && match.fields['node'] === node
  if (step === undefined || everyMatch || times !== null || afterUs !== 0) return null
  if (!itself || !node.includes('#')) return null
  return { target: node, step, ...(nth === 1 ? {} : { nth }) }
}

function writeTrigger(trigger: PlannedFault['trigger']): RawFault {
  if (trigger.kind === 'at') return { at: formatDuration(trigger.atUs) }
  const { match, nth, everyMatch, times, afterUs } = trigger
  const when: RawMoment = { moment: match.moment, ...match.fields, ...(nth === 1 ? {} : { nth }) }
  return {
    when,
    ...(everyMatch ? { 'every-match': true } : {}),
    ...(times === null ? {} : { times }),
    ...(afterUs === 0 ? {} : { after: formatDuration(afterUs) }),
  }
}

function writeAction(action: Action): RawFault {
  switch (action.kind) {
    case 'crash':
    case 'power-loss':
    case 'wipe-disk':
    case 'stop':
    case 'pause':
      return { [action.kind]: writeTarget(action.target) }
    case 'slow-disk': {
      const target = writeTarget(action.target)
      const usual = action.by.kind === 'constant' && action.by.us === DEFAULT_SLOWNESS
      return { 'slow-disk': usual && typeof target === 'string' ? target : { target, by: writeSpread(action.by) } }
    }
    case 'corrupt':
      return { corrupt: writeCorruption(action) }
    case 'disk-error':
    case 'disk-full': {
      const target = writeTarget(action.target)
      const of = action.kind === 'disk-error' && action.of !== 'everything' ? { of: action.of } : null
      const directory = action.directory === null ? null : { directory: action.directory }
      return { [action.kind]: of === null && directory === null ? target : { target, ...of, ...directory } }
    }
    case 'clock-jump':
    case 'clock-skew': {
      const by = `${action.byUs < 0 ? '-' : ''}${formatDuration(Math.abs(action.byUs))}`
      return { [action.kind]: { target: writeTarget(action.target), by } }
    }
    case 'partition':
      return { partition: action.groups.map((group) => group.map(writeTarget)) }
    case 'isolate': {
      const { direction, from } = action
      const target = writeTarget(action.target)
      if (direction === 'both' && from === null && typeof target === 'string') return { isolate: target }
      return {
        isolate: {
          target,
          ...(direction === 'both' ? {} : { direction }),
          ...(from === null ? {} : { from: writeTarget(from) }),
        },
      }
    }
    case 'delay':
      return { delay: { ...writeStream(action), by: writeSpread(action.by) } }
    case 'drop':
      return { drop: writeStream(action) }
    case 'disconnect':
      return { disconnect: { between: [writeTarget(action.between[0]), writeTarget(action.between[1])] } }
    case 'add-partitions': {
      const topics = action.topics.map(({ topic, partitions }) => [topic, partitions] as const)
      return { admin: { 'add-partitions': Object.fromEntries(topics) } }
    }
    case 'elect-leader': {
      const elections = action.partitions.map(({ topic, partition, election }) => [`${topic}-${partition}`, election])
      return { admin: { 'elect-leader': Object.fromEntries(elections) } }
    }
    case 'move-leader': {
      const moves = action.partitions.map(({ topic, partition, to }) => [`${topic}-${partition}`, to])
      return { admin: { 'move-leader': Object.fromEntries(moves) } }
    }
    case 'alter-config': {
      const topics = action.topics.map(({ topic, changes }) => [topic, changes] as const)
      return { admin: { 'alter-config': Object.fromEntries(topics) } }
    }
    case 'create-topic':
    case 'delete-topic':
      return { admin: { [action.kind]: [...action.topics] } }
    case 'reassign': {
      const moves = action.partitions.map(({ topic, partition, to }) => [`${topic}-${partition}`, to ?? 'cancel'])
      return { admin: { reassign: Object.fromEntries(moves) } }
    }
  }
}

/** What is hit goes without saying where the target names it. */
function writeCorruption(action: Extract<Action, { readonly kind: 'corrupt' }>): RawCorruption {
  const { log, batch } = action
  const target = writeTarget(action.target)
  const where = log.kind === 'partition' && !namesPartition(action.target) ? `${log.topic}-${log.partition}` : null
  if (where === null && batch === 'any') return target
  return { target, ...(where === null ? {} : { partition: where }), ...(batch === 'any' ? {} : { batch }) }
}

/** `leader(orders-0)` */
function namesPartition({ kind }: Target): boolean {
  return kind === 'leader' || kind === 'follower' || kind === 'followers'
}

function writeStream({ from, to, api, reply, nth, count, connection }: StreamMatch): RawStream {
  return {
    ...(from === null ? {} : { from: writeTarget(from) }),
    ...(to === null ? {} : { to: writeTarget(to) }),
    ...(api === null ? {} : { api }),
    ...(reply ? { reply } : {}),
    ...(nth === 1 ? {} : { nth }),
    ...(count === null ? {} : { count }),
    ...(connection === 'any' ? {} : { connection }),
  }
}

/** Whom a fault hits, as it is written: `leader(orders-0)`, `{ any: [...] }`. */
export function writeTarget(target: Target): RawTarget {
  switch (target.kind) {
    case 'node':
    case 'application':
      return target.name
    case 'leader':
    case 'follower':
    case 'followers':
      return `${target.kind}(${target.topic}-${target.partition})`
    case 'active-controller':
      return 'controller(active)'
    case 'group-coordinator':
      return `group-coordinator(${target.group})`
    case 'transaction-coordinator':
      return `transaction-coordinator(${target.transactionalId})`
    case 'role':
      return target.role
    case 'minority':
    case 'majority':
      return `${target.kind}(${target.of})`
    case 'any':
      return { any: target.of.map(writeTarget) }
  }
}

/** A length of time that may vary, as it is written. */
export function writeSpread(spread: Spread): RawSpread {
  switch (spread.kind) {
    case 'constant':
      return formatDuration(spread.us)
    case 'uniform':
      return { uniform: [formatDuration(spread.minUs), formatDuration(spread.maxUs)] }
    case 'exponential':
      return { exponential: formatDuration(spread.meanUs) }
    case 'normal':
      return { normal: { mean: formatDuration(spread.meanUs), stddev: formatDuration(spread.stddevUs) } }
  }
}
