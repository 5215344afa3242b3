import { varies } from '../sim/kernel/spread.ts'
import type { Scenario } from '../scenarios/format/scenario.ts'
import { formatDuration } from '../scenarios/format/values/duration.ts'
import type { Action, FaultEntry, Target } from '../sim/faults/plan.ts'
import type { TopicConfigChange } from '../sim/kafka/protocol/config/topic.ts'
import { corruptionInWords } from './corruption-words.ts'

/** A target as it is written in a scenario file. */
function targetInWords(target: Target): string {
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
      return `any of ${target.of.map(targetInWords).join(', ')}`
  }
}

/** Whether the runs of a scenario meet different faults. */
export function drawsFaults({ chaos, faults }: Pick<Scenario, 'chaos' | 'faults'>): boolean {
  return chaos !== null || faults.some(isRandomFault)
}

/** What a fault does, in few words: `crash leader(orders-0)`. */
export function actionInWords(action: Action): string {
  switch (action.kind) {
    case 'crash':
    case 'power-loss':
    case 'wipe-disk':
    case 'stop':
    case 'pause':
    case 'slow-disk':
      return `${action.kind} ${targetInWords(action.target)}`
    case 'corrupt':
      return `corrupt ${corruptionInWords(action)} on ${targetInWords(action.target)}`
    case 'disk-error': {
      const what = action.of === 'everything' ? 'the disk' : `${action.of} on the disk`
      return `${what} of ${targetInWords(action.target)} ${action.of === 'everything' ? 'fails' : 'fail'}${inDirectory(action.directory)}`
    }
    case 'disk-full':
      return `the disk of ${targetInWords(action.target)} is full${inDirectory(action.directory)}`
    case 'clock-jump':
      return `set the clock of ${targetInWords(action.target)} ${signed(action.byUs, 'forward by', 'back by')}`
    case 'clock-skew':
      return `the clock of ${targetInWords(action.target)} ${signed(action.byUs, 'gains', 'loses')} in a second`
    case 'isolate':
      return `isolate ${targetInWords(action.target)}${action.from === null ? '' : ` from ${targetInWords(action.from)}`}`
    case 'partition':
      return `partition ${action.groups.map((group) => group.map(targetInWords).join(', ')).join(' | ')}`
    case 'delay':
    case 'drop': {
      const what = action.api === null ? 'messages' : action.reply ? `answers to ${action.api}` : action.api
      const from = action.from === null ? '' : ` from ${targetInWords(action.from)}`
      const to = action.to === null ? '' : ` to ${targetInWords(action.to)}`
      return `${action.kind} ${what}${from}${to}`
    }
    case 'disconnect':
      return `disconnect ${targetInWords(action.between[0])} and ${targetInWords(action.between[1])}`
    case 'add-partitions':
      return `add partitions: ${action.topics.map(({ topic, partitions }) => `${topic} has ${partitions}`).join(', ')}`
    case 'elect-leader':
      return `elect ${action.partitions.map(({ topic, partition, election }) => `the ${election === 'unclean' ? 'first replica' : 'preferred leader'} of ${topic}-${partition}`).join(', ')}`
    case 'move-leader':
      return `move ${action.partitions.map(({ topic, partition, to }) => `the leader of ${topic}-${partition} to ${to}`).join(', ')}`
    case 'alter-config':
      return `alter ${action.topics.map(({ topic, changes }) => `${topic}: ${settingsInWords(changes)}`).join('; ')}`
    case 'delete-topic':
      return `delete ${action.topics.join(', ')}`
    case 'create-topic':
      return `create ${action.topics.join(', ')}`
    case 'reassign':
      return action.partitions
        .map(({ topic, partition, to }) =>
          to === null
            ? `cancel the reassignment of ${topic}-${partition}`
            : `reassign ${topic}-${partition} to ${to.join(', ')}`,
        )
        .join('; ')
  }
}

/** `retention.ms=1000, segment.ms=500` */
function settingsInWords(changes: TopicConfigChange): string {
  return Object.entries(changes)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}

function inDirectory(directory: string | null): string {
  return directory === null ? '' : ` in ${directory}`
}

/** `forward by 1h`, `back by 1h` */
function signed(us: number, more: string, less: string): string {
  return `${us < 0 ? less : more} ${formatDuration(Math.abs(us))}`
}

/** Whether two runs may draw this entry differently: when it happens, how long, or whom it hits. */
export function isRandomFault(entry: FaultEntry): boolean {
  const { trigger, action } = entry
  if (entry.for !== null && varies(entry.for)) return true
  switch (trigger.kind) {
    case 'at':
      if (varies(trigger.at)) return true
      break
    case 'every':
      if (varies(trigger.every)) return true
      break
    case 'between':
      if (trigger.fromUs !== trigger.toUs) return true
      break
    case 'when':
      if (varies(trigger.after)) return true
      break
    case 'fail':
      break
  }
  if (action.kind === 'corrupt' && (action.log.kind === 'any' || action.batch === 'any')) return true
  return (
    targetsOf(action).some(isDrawn) || ((action.kind === 'delay' || action.kind === 'slow-disk') && varies(action.by))
  )
}

function targetsOf(action: Action): readonly Target[] {
  switch (action.kind) {
    case 'crash':
    case 'power-loss':
    case 'wipe-disk':
    case 'stop':
    case 'pause':
    case 'slow-disk':
    case 'corrupt':
    case 'disk-error':
    case 'disk-full':
    case 'clock-jump':
    case 'clock-skew':
      return [action.target]
    case 'isolate':
      return action.from === null ? [action.target] : [action.target, action.from]
    case 'partition':
      return action.groups.flat()
    case 'delay':
    case 'drop':
      return [action.from, action.to].filter((target) => target !== null)
    case 'disconnect':
      return action.between
    case 'add-partitions':
    case 'elect-leader':
    case 'move-leader':
    case 'alter-config':
    case 'create-topic':
    case 'reassign':
    case 'delete-topic':
      return []
  }
}

function isDrawn(target: Target): boolean {
  return target.kind === 'any' || target.kind === 'follower' || target.kind === 'minority' || target.kind === 'majority'
}
