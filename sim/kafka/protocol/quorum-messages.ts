import type { LeaderIdAndEpoch, MetadataFetchRequest, MetadataFetchResponse } from './messages.ts'
import type { MetadataRecord } from './metadata-records.ts'

/**
 * What voters of the metadata quorum say to each other (KIP-595, KIP-996), with the names of Kafka's message schemas. Replicas
 * are node numbers; -1 = none. Epoch 0 stands before the first.
 */

/** A record of the metadata log with the epoch of the leader that appended it. */
export interface QuorumEntry {
  readonly epoch: number
  readonly record: MetadataRecord
  /**
   * Names the log up to this entry: mixed from the entry before, the epoch, and the process that appended it. Not part of
   * the protocol: equal positions of two logs agree just when their chains do.
   */
  readonly chain: number
}

// --- Vote (52) --------------------------------------------------------------------------------------------------------
export interface VoteRequest {
  readonly replicaId: number
  /** With {@link preVote} the epoch the voter is in, else the one it stands for. */
  readonly replicaEpoch: number
  readonly lastOffsetEpoch: number
  readonly lastOffset: number
  readonly preVote: boolean
}
export interface VoteResponse {
  readonly errorCode: number
  readonly currentLeader: LeaderIdAndEpoch
  readonly voteGranted: boolean
}

// --- BeginQuorumEpoch (53), EndQuorumEpoch (54) -------------------------------------------------------------------------
export interface BeginQuorumEpochRequest {
  readonly leaderId: number
  readonly leaderEpoch: number
}
export interface EndQuorumEpochRequest {
  readonly leaderId: number
  readonly leaderEpoch: number
  /** The other voters, the one that has fetched most first. */
  readonly preferredCandidates: readonly number[]
}
export interface QuorumEpochResponse {
  readonly errorCode: number
  readonly currentLeader: LeaderIdAndEpoch
}

// --- Fetch (1), of the metadata log from the leader of several voters --------------------------------------------------
export interface QuorumFetchRequest extends MetadataFetchRequest {
  readonly currentLeaderEpoch: number
  readonly lastFetchedEpoch: number
  /** KIP-1166: the high watermark that the replica knows; a poll ends when it is behind. */
  readonly highWatermark: number
}
export interface QuorumFetchResponse extends Omit<MetadataFetchResponse, 'records'> {
  readonly currentLeader: LeaderIdAndEpoch
  /** Where the replica's log parts from the leader's; null = it does not. */
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | null
  readonly entries: readonly QuorumEntry[]
}
