/** Kinds of the broker's timers. The log manager takes 40..49, network clients 8 kinds each from their base. */
export const BrokerTimer = {
  DelayedProduce: 1,
  DelayedFetch: 2,
  IsrCheck: 3,
  AlterPartitionRetry: 4,
  Heartbeat: 5,
  FetchBackoff: 6,
  MetadataFetchRetry: 7,
  /** A group's session, join or sync timer; a = tp of the coordinator's partition. */
  GroupTask: 8,
  /** A coordinator's batch has lingered; a = tp. */
  GroupFlush: 9,
  /** offsets.commit.timeout.ms; a = tp. */
  GroupTimeout: 10,
  /** A write of the transaction coordinator may have taken too long; a = tp. */
  TransactionAppend: 11,
  /** The scan for transactions that have timed out. */
  TransactionAbort: 12,
  /** The scan for transactional ids that nobody uses any more. */
  TransactionExpiry: 13,
  /** Markers that were refused are sent again. */
  MarkerRetry: 14,
  /** A marker among offsets may have taken too long; a = tp. */
  GroupMarkerTimeout: 15,
  /** Offsets of a transaction that ended are taken over at last (KAFKA-17507); a = tp. */
  GroupMaterialize: 16,
  /** A transactional batch asks its coordinator again; a = its number. */
  VerificationRetry: 17,
  /** A fetch of committed records looks at the high watermark again (KAFKA-9807); a = its number. */
  FetchSecondLook: 18,
  /** A write of the share coordinator may have taken too long. */
  ShareStateTimeout: 19,
  /** A question to the share coordinator is asked again, or given up; a = its number. */
  PersisterRetry: 20,
  /** An acquisition lock ends. */
  ShareLock: 21,
  /** A fetch of a share group has waited long enough. */
  DelayedShareFetch: 22,
  /** A look at offsets that nobody has a use for; a = tp of the coordinator's partition. */
  OffsetExpiration: 23,
  /** A follower cuts its log a moment after it took over the high watermark (KAFKA-14704); a = the answer's number. */
  FetchTruncation: 24,
  /** A log directory has failed; a = its place in `log.dirs`. */
  LogDirFailure: 25,
  /** The controller should have heard of it by now; a = its place in `log.dirs`. */
  LogDirFailureTimeout: 26,
} as const

export const METADATA_CLIENT_TIMERS = 60
export const LIFECYCLE_CLIENT_TIMERS = 70
export const CONTROLLER_CLIENT_TIMERS = 80
export const FETCHER_CLIENT_TIMERS = 90
export const MARKER_CLIENT_TIMERS = 100
export const ADD_PARTITIONS_CLIENT_TIMERS = 110
export const PERSISTER_CLIENT_TIMERS = 120
