/** Kafka's api keys, by Kafka's names. */
export const Api = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  ApiVersions: 18,
  CreateTopics: 19,
  InitProducerId: 22,
  OffsetForLeaderEpoch: 23,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  WriteTxnMarkers: 27,
  TxnOffsetCommit: 28,
  Vote: 52,
  BeginQuorumEpoch: 53,
  EndQuorumEpoch: 54,
  AlterPartition: 56,
  BrokerRegistration: 62,
  BrokerHeartbeat: 63,
  AllocateProducerIds: 67,
  ConsumerGroupHeartbeat: 68,
  ShareGroupHeartbeat: 76,
  ShareFetch: 78,
  ShareAcknowledge: 79,
  ReadShareGroupState: 84,
  WriteShareGroupState: 85,
} as const

export type ApiKey = (typeof Api)[keyof typeof Api]
export type ApiName = keyof typeof Api

/** What clients ask stores: not Kafka's, so far outside the range of its keys. */
export const StoreApi = {
  StoreWrite: 1000,
  StoreReadOffsets: 1001,
  StoreReadMarks: 1002,
  StoreMark: 1003,
  StoreCreateFile: 1004,
  StoreAppendFile: 1005,
  StoreRenameFile: 1006,
  StoreCall: 1007,
  StoreReadRows: 1008,
  StoreInsertRow: 1009,
  StorePrepare: 1010,
  StoreFinish: 1011,
  StoreListPrepared: 1012,
  StoreSaveCheckpoint: 1013,
  StoreReadCheckpoint: 1014,
} as const

export type StoreApiKey = (typeof StoreApi)[keyof typeof StoreApi]
export type StoreApiName = keyof typeof StoreApi

export function apiNamed(name: string): ApiKey | StoreApiKey | undefined {
  if (Object.hasOwn(StoreApi, name)) return StoreApi[name as StoreApiName]
  return Object.hasOwn(Api, name) ? Api[name as ApiName] : undefined
}

/** Oldest and newest version of a request. */
export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** What a 4.1 broker speaks (message schemas of 4.1.1). */
export const BROKER_VERSIONS: Readonly<Record<ApiKey, VersionRange>> = {
  [Api.Produce]: { min: 3, max: 13 },
  [Api.Fetch]: { min: 4, max: 18 },
  [Api.ListOffsets]: { min: 1, max: 10 },
  [Api.Metadata]: { min: 0, max: 13 },
  [Api.OffsetCommit]: { min: 2, max: 9 },
  [Api.OffsetFetch]: { min: 1, max: 9 },
  [Api.FindCoordinator]: { min: 0, max: 6 },
  [Api.JoinGroup]: { min: 0, max: 9 },
  [Api.Heartbeat]: { min: 0, max: 4 },
  [Api.LeaveGroup]: { min: 0, max: 5 },
  [Api.SyncGroup]: { min: 0, max: 5 },
  [Api.ApiVersions]: { min: 0, max: 4 },
  [Api.CreateTopics]: { min: 2, max: 7 },
  [Api.InitProducerId]: { min: 0, max: 5 },
  [Api.OffsetForLeaderEpoch]: { min: 2, max: 4 },
  [Api.AddPartitionsToTxn]: { min: 0, max: 5 },
  [Api.AddOffsetsToTxn]: { min: 0, max: 4 },
  [Api.EndTxn]: { min: 0, max: 5 },
  [Api.WriteTxnMarkers]: { min: 1, max: 1 },
  [Api.TxnOffsetCommit]: { min: 0, max: 5 },
  [Api.Vote]: { min: 0, max: 2 },
  [Api.BeginQuorumEpoch]: { min: 0, max: 1 },
  [Api.EndQuorumEpoch]: { min: 0, max: 1 },
  [Api.AlterPartition]: { min: 2, max: 3 },
  [Api.BrokerRegistration]: { min: 0, max: 4 },
  [Api.BrokerHeartbeat]: { min: 0, max: 1 },
  [Api.AllocateProducerIds]: { min: 0, max: 0 },
  [Api.ConsumerGroupHeartbeat]: { min: 0, max: 1 },
  [Api.ShareGroupHeartbeat]: { min: 1, max: 1 },
  [Api.ShareFetch]: { min: 1, max: 1 },
  [Api.ShareAcknowledge]: { min: 1, max: 1 },
  [Api.ReadShareGroupState]: { min: 0, max: 0 },
  [Api.WriteShareGroupState]: { min: 0, max: 0 },
}
