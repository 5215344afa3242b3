import type { Shadow } from '../shadow/shadow.ts'
import { seconds } from '../words.ts'

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
  const leader = leaderships.newestNode(partition)
  const log = leader < 0 ? undefined : logs.known(leader, partition)
  const damage = log?.damages.list.find(({ entry, isHidden }) => !isHidden && logs.entries.last.at(entry) >= from)
  if (damage === undefined) return null
  const where = `the batch at offset ${logs.entries.base.at(damage.entry)} is corrupt on the disk of ${names.node(leader)} since ${seconds(damage.at)}`
  return reader === 'follower'
    ? `${where}: followers refuse it and ask again every replica.fetch.backoff.ms, and their leader does not look at it`
    : `${where}: with check.crcs poll() throws until the application seeks past it, and the leader does not look at it`
}
