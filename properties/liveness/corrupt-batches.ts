import type { Damage } from '../shadow/damage.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { seconds } from '../words.ts'

/** The first batch at an offset or behind it whose checksum is wrong in the newest leader's log; undefined = none. */
function corruptFrom({ leaderships, logs }: Shadow, partition: number, from: number): Damage | undefined {
  const leader = leaderships.newestNode(partition)
  const log = leader < 0 ? undefined : logs.known(leader, partition)
  const { base, last } = logs.entries
  let first: Damage | undefined
  for (const damage of log?.damaged ?? []) {
    if (damage.isHidden || last.at(damage.entry) < from) continue
    if (first === undefined || base.at(damage.entry) < base.at(first.entry)) first = damage
  }
  return first
}

/** Whether the newest leader's copy of an offset has a wrong checksum. */
export function isCorruptAt(shadow: Shadow, partition: number, offset: number): boolean {
  const damage = corruptFrom(shadow, partition, offset)
  return damage !== undefined && shadow.logs.entries.base.at(damage.entry) <= offset
}

/**
 * Where a leader's log cannot be read on from an offset, because the checksum of a batch is wrong, told with what its readers
 * do; null where everything can be read. Nothing of Kafka writes such a batch anew.
 */
export function corruptBatchRule(
  shadow: Shadow,
  partition: number,
  from: number,
  reader: 'follower' | 'group',
): string | null {
  const { leaderships, logs, names } = shadow
  const damage = corruptFrom(shadow, partition, from)
  if (damage === undefined) return null
  const leader = leaderships.newestNode(partition)
  const where = `the batch at offset ${logs.entries.base.at(damage.entry)} is corrupt on the disk of ${names.node(leader)} since ${seconds(damage.at)}`
  return reader === 'follower'
    ? `${where}: followers refuse it and ask again every replica.fetch.backoff.ms, and their leader does not look at it`
    : `${where}: with check.crcs poll() throws until the application seeks past it, and the leader does not look at it`
}
