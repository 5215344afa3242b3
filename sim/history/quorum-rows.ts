import { M, type Row } from './kinds.ts'

/** Moments of the metadata quorum, of several controllers. `chain` names a log up to an offset: see `QuorumEntry`. */
export const QUORUM_ROWS: readonly Row[] = [
  ['quorum.elected', M.quorumElected, 'a voter began to lead the metadata quorum', 'epoch:epoch offset:offset'],
  ['quorum.resigned', M.quorumResigned, 'a leader of the metadata quorum gave up its epoch', 'epoch:epoch'],
  ['quorum.voted', M.quorumVoted, 'a voter granted its vote of an epoch', 'candidate:node epoch:epoch'],
  ['quorum.truncated', M.quorumTruncated, 'a voter cut its metadata log', 'offset:offset leo:offset'],
  [
    'quorum.committed',
    M.quorumCommitted,
    'a leader of the metadata quorum learnt that its log is committed up to an offset',
    'offset:offset epoch:epoch chain',
  ],
  [
    'controller.deposed',
    M.controllerDeposed,
    'an active controller lost its epoch and what was not committed',
    'epoch:epoch offset:offset leo:offset',
  ],
  ['metadata.lost', M.metadataLost, 'what the metadata quorum had committed is gone with the disks of its voters', ''],
]
