import type { ClusterProfile } from '../protocol/profile.ts'

/** Rules of in-sync sets and high watermarks that a profile may have as they were. */
export interface ReplicationSwitches {
  /** KIP-903: fetches and AlterPartition tell of which life of a follower they speak. */
  readonly brokerEpochs: 'with-progress' | 'when-sent' | 'none'
  /** KIP-841: who is fenced or shuts down does not join an in-sync set. */
  readonly eligibleOnly: boolean
  /** KAFKA-7128: who joins has reached the start of the leadership, not only the high watermark. */
  readonly fromEpochStart: boolean
  /** KAFKA-13141: where a follower stands that has parted from the leader counts as any other's. */
  readonly divergingCounts: boolean
  /** KAFKA-7415: a leader notes where its epoch begins when it begins to lead, not with its first record. */
  readonly epochEntries: boolean
  /** KAFKA-7164: a follower begins anew, and finds out where to cut, in each leader epoch, not only under another leader. */
  readonly followsEachEpoch: boolean
  /** KAFKA-15583: below min.insync.replicas the high watermark stands. */
  readonly strictMinIsr: boolean
}

/** The rules of a profile. */
export function replicationSwitchesOf(profile: ClusterProfile): ReplicationSwitches {
  return {
    brokerEpochs: profile['isr.broker.epochs'],
    eligibleOnly: profile['isr.eligibility'] === 'checked',
    fromEpochStart: profile['isr.expansion'] === 'leader-epoch-start',
    divergingCounts: profile['fetch.diverging.offset'] === 'counted',
    epochEntries: profile['leader.epoch.entry'] === 'with-leadership',
    followsEachEpoch: profile['follower.begins'] === 'each-epoch',
    strictMinIsr: profile['high.watermark.below.min.isr'] === 'stands',
  }
}
