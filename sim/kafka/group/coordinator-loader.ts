import type { LogEntry } from '../protocol/batch.ts'
import { coordinatorRecordsIn } from '../protocol/coordinator-records.ts'
import type { ClassicGroups } from './classic-groups.ts'
import type { GroupOffsets } from './group-offsets.ts'
import type { ShareGroups } from './share/share-groups.ts'

/** `CoordinatorLoaderImpl`: groups and offsets become what the entries of their partition's log say. */
export function loadCoordinator(
  entries: readonly LogEntry[],
  groups: ClassicGroups,
  shareGroups: ShareGroups,
  offsets: GroupOffsets,
): void {
  for (const { batch, baseOffset } of entries) {
    const { producerId, producerEpoch, marker } = batch
    if (marker !== null) {
      const committed = marker.type === 'COMMIT'
      offsets.replay({ kind: 'marker', offset: baseOffset, producerId, producerEpoch, committed })
      continue
    }
    let offset = baseOffset
    for (const record of coordinatorRecordsIn(batch)) {
      if (record.type === 'GroupMetadata') groups.replay(record)
      if (record.type === 'ShareGroup') shareGroups.replay(record)
      offsets.replay({ kind: 'record', offset: offset++, record, producerId, producerEpoch })
    }
  }
}
