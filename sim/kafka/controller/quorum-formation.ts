import type { Disk } from '../../storage/disk.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import { QuorumLog } from '../quorum/quorum-log.ts'
import { formElection } from '../quorum/quorum-state.ts'
import type { CommittedLog } from './committed-log.ts'

/**
 * A quorum that stands when the run begins: every voter's disk holds the formed cluster and the record of its first leader,
 * the first voter, in epoch 1. Returns the log's records.
 */
export function formQuorum(
  formed: readonly MetadataRecord[],
  disks: readonly Disk[],
  leaderId: number,
  committed: CommittedLog,
): readonly MetadataRecord[] {
  const records: readonly MetadataRecord[] = [...formed, { type: 'LeaderChangeMessage', leaderId }]
  const logs = disks.map((disk) => {
    const log = new QuorumLog(disk)
    log.append(1, records, 0)
    log.flush()
    formElection(disk, leaderId)
    return log
  })
  committed.form(logs[0] as QuorumLog)
  return records
}
