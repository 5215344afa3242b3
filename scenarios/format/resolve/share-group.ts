import type { ShareOutcomes } from '../../../sim/application/share-options.ts'
import { clientBase, type ClusterProfile } from '../../../sim/kafka/protocol/profile.ts'
import type { ReaderSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { listOf } from '../suggest.ts'
import type { ConsumerRules } from './consumer-rules.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { shareAt } from './share.ts'

const MODE = 'share.acknowledgement.mode'
/** Settings of the group itself, which `kafka-configs --entity-type groups` sets: they stand with its members. */
const OF_GROUP = ['share.auto.offset.reset', 'share.isolation.level', 'share.record.lock.duration.ms'] as const
const LOCK = 'share.record.lock.duration.ms'

/** `ShareConsumerConfig.SHARE_GROUP_UNSUPPORTED_CONFIGS`, each with what to do about it. */
const REFUSED: Readonly<Record<string, string>> = {
  'auto.offset.reset': 'the group decides where it begins: write `share.auto.offset.reset`',
  'enable.auto.commit': 'leave it out: a share group has no positions to commit',
  'group.instance.id': 'leave it out: share groups have no static members',
  'group.protocol': 'leave it out: share groups have a protocol of their own',
  'heartbeat.interval.ms': 'brokers decide: write `group.share.heartbeat.interval.ms` into `cluster.config`',
  'isolation.level': 'the group decides what it reads: write `share.isolation.level`',
  'partition.assignment.strategy': 'leave it out: the group coordinator assigns',
  'session.timeout.ms': 'brokers decide: write `group.share.session.timeout.ms` into `cluster.config`',
}

/** Whether a consumer says `share: true`. */
export function isShare({ place }: ApplicationFacts): boolean {
  return place.get('share').boolean('`share`', false)
}

/** What only share groups know is of no use to others. */
export function checkNoShare({ place, name }: ApplicationFacts, rules: ConsumerRules): void {
  const help = `write \`share: true\`, or leave this out`
  for (const key of [MODE, ...OF_GROUP]) {
    rules
      .written(key)
      ?.keyError('TWICESHY_CONFIG_REFUSED', `\`${key}\` is for share groups, and \`${name}\` is in none`, help)
  }
  const acknowledge = place.get('acknowledge')
  if (!acknowledge.written) return
  const message = `\`acknowledge\` is for share groups, and \`${name}\` is in none`
  acknowledge.keyError('TWICESHY_IMPOSSIBLE', message, help)
}

/** A consumer with `share: true`: what it does with records, after everything that cannot be is reported. */
export function resolveShare(
  facts: ApplicationFacts,
  spec: ReaderSpec,
  commit: 'auto' | 'before-processing' | 'after-processing',
  rules: ConsumerRules,
  context: Context,
  profile: ClusterProfile,
): ShareOutcomes {
  const { place } = facts
  checkVersions(facts, spec, profile)
  checkKeys(facts, spec)
  for (const [key, help] of Object.entries(REFUSED)) {
    const message = `Kafka's share consumer refuses \`${key}\` with ConfigException`
    rules.written(key)?.keyError('TWICESHY_CONFIG_REFUSED', message, help)
  }
  checkLock(rules, context)
  const acknowledge = place.get('acknowledge')
  if (!acknowledge.written || !acknowledge.expectMap('`acknowledge`')) return { releasePerMille: 0, rejectPerMille: 0 }
  const release = shareAt(acknowledge.get('release'), '`release`')
  const reject = shareAt(acknowledge.get('reject'), '`reject`')
  checkAcknowledge(acknowledge, release + reject, commit, rules)
  return { releasePerMille: Math.round(release * 1000), rejectPerMille: Math.round(reject * 1000) }
}

function checkVersions({ place }: ApplicationFacts, spec: ReaderSpec, profile: ClusterProfile): void {
  const isOld = profile.base !== 'kafka-4.1' || clientBase(spec.profile) !== 'kafka-4.1'
  if (isOld) place.get('share').notSimulated('a share group before Kafka 4.1', 'leave `profile` out')
}

/** What belongs to positions, of which a share group has none. */
function checkKeys({ place, name }: ApplicationFacts, spec: ReaderSpec): void {
  const message = `\`${name}\` is in a share group`
  const assign = place.get('assign')
  if (assign.written) {
    const help = 'leave it out: members of share groups are assigned partitions, which they share'
    assign.keyError('TWICESHY_IMPOSSIBLE', `${message}, and takes partitions by \`assign\``, help)
  }
  const steps = place.get('steps')
  if (steps.written) steps.notSimulated('a script of a share consumer', 'leave `steps` out')
  if (spec.handling.kind === 'hand-off')
    place
      .get('handling')
      .notSimulated('`hand-off` in a share group', 'write more `instances`: all of them share the work')
}

/** `ShareGroupConfig` and `GroupConfig.validateValues` */
function checkLock(rules: ConsumerRules, { cluster }: Context): void {
  const at = rules.written(LOCK)
  const value = Number(rules.values[LOCK])
  const least = Math.max(...cluster.configs.map((config) => config['group.share.min.record.lock.duration.ms']))
  const longest = Math.min(...cluster.configs.map((config) => config['group.share.max.record.lock.duration.ms']))
  if (at === undefined || (value >= least && value <= longest)) return
  const message = `brokers take \`${LOCK}\` from ${least} to ${longest}, not ${value}`
  const help = 'these are `group.share.min.record.lock.duration.ms` and `group.share.max.record.lock.duration.ms`'
  at.error('TWICESHY_CONFIG_REFUSED', message, help)
}

function checkAcknowledge(
  acknowledge: Place,
  sum: number,
  commit: 'auto' | 'before-processing' | 'after-processing',
  rules: ConsumerRules,
): void {
  if (sum > 1) acknowledge.error('TWICESHY_RANGE', '`release` and `reject` are more than all records together')
  if (commit === 'before-processing') {
    const message = '`commit: before-processing` accepts every record before it is known whether it can be processed'
    acknowledge.keyError('TWICESHY_IMPOSSIBLE', message, 'write `commit: after-processing`, or leave `acknowledge` out')
  } else if (rules.values[MODE] !== 'explicit') {
    const message = `with \`${MODE}: implicit\`, which is the default, every record is accepted`
    acknowledge.keyError('TWICESHY_IMPOSSIBLE', message, `add \`${MODE}: explicit\` to \`config\``)
  }
}

/** Members of one share group, and what they say of it. */
export function checkShareMembers(reader: ReaderSpec, other: ReaderSpec, context: Context): void {
  const config = context.applications.get(reader.name)?.place.get('config')
  const otherConfig = context.applications.get(other.name)?.place.get('config')
  if (config === undefined || otherConfig === undefined) return
  const differing = OF_GROUP.filter((key) => reader.config[key] !== other.config[key])
  if (differing.length === 0) return
  const message = `\`${other.name}\` and \`${reader.name}\` are one share group, and say different things of it: ${listOf(differing, 'and')}`
  const at = differing.map((key) => config.get(key)).find((place) => place.written) ?? config.get('group.id')
  at.error('TWICESHY_IMPOSSIBLE', message, 'these are settings of the group: write the same into both', otherConfig)
}
