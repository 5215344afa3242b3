import type { FindCoordinatorResponse } from '../../protocol/group-messages.ts'
import type { InitProducerIdResponse } from '../../protocol/messages.ts'
import type {
  AddOffsetsToTxnResponse,
  AddPartitionsToTxnResponse,
  EndTxnResponse,
  TxnOffsetCommitResponse,
} from '../../protocol/transaction-messages.ts'
import { tpOf } from '../../../history/ids.ts'
import { Errors } from '../../protocol/errors.ts'
import { leavesEndInDoubt, type Reaction, reactionTo } from './reactions.ts'
import { causeOf, kafkaException } from './transaction-error.ts'
import type { TransactionManager } from './transaction-manager.ts'
import type { TxnRequest, TxnRequestOf } from './txn-request.ts'

/** `TxnRequestHandler.handleResponse`: what an answer does to the producer. */
export function handleResponse(manager: TransactionManager, request: TxnRequest, body: object): void {
  switch (request.kind) {
    case 'FindCoordinator':
      onFindCoordinator(manager, request, body as FindCoordinatorResponse)
      break
    case 'InitProducerId':
      onInitProducerId(manager, request, body as InitProducerIdResponse)
      break
    case 'AddPartitionsToTxn':
      onAddPartitions(manager, request, body as AddPartitionsToTxnResponse)
      break
    case 'AddOffsetsToTxn':
      onAddOffsets(manager, request, body as AddOffsetsToTxnResponse)
      break
    case 'TxnOffsetCommit':
      onTxnOffsetCommit(manager, request, body as TxnOffsetCommitResponse)
      break
    case 'EndTxn':
      onEndTxn(manager, request, body as EndTxnResponse)
      break
  }
}

/** The connection went before an answer came: the coordinator is looked for, and the request sent again. */
export function handleDisconnect(manager: TransactionManager, request: TxnRequest): void {
  if (request.kind === 'EndTxn') manager.onEndFailed(true)
  findCoordinatorOf(manager, request, false)
  manager.core.retry(request)
}

/** Looks for the coordinator the request goes to, if it goes to one. `paced`: not before `retry.backoff.ms`. */
export function findCoordinatorOf({ core }: TransactionManager, request: TxnRequest, paced: boolean): void {
  switch (request.kind) {
    case 'FindCoordinator':
      break
    case 'TxnOffsetCommit':
      core.lookupCoordinator('group', request.body.groupId, paced)
      break
    case 'InitProducerId':
    case 'AddPartitionsToTxn':
    case 'AddOffsetsToTxn':
    case 'EndTxn':
      core.lookupCoordinator('transaction', core.transactionalId, paced)
      break
  }
}

// --- one request each -------------------------------------------------------------------------------------------------

function onFindCoordinator(
  manager: TransactionManager,
  request: TxnRequestOf<'FindCoordinator'>,
  { errorCode, nodeId }: FindCoordinatorResponse,
): void {
  const reaction = reactionTo(request.kind, errorCode)
  if (reaction !== 'succeed') {
    react(manager, request, reaction, errorCode)
    return
  }
  manager.core.coordinators[request.body.keyType] = nodeId
  request.result.done()
}

function onInitProducerId(
  manager: TransactionManager,
  request: TxnRequestOf<'InitProducerId'>,
  { errorCode, producerId, producerEpoch }: InitProducerIdResponse,
): void {
  const reaction = reactionTo(request.kind, errorCode)
  if (reaction !== 'succeed') {
    react(manager, request, reaction, errorCode)
    return
  }
  manager.onInitialized(producerId, producerEpoch, request.purpose)
  request.result.done()
}

/** The first partition whose error decides about the whole request does so; otherwise all are added or none. */
function onAddPartitions(
  manager: TransactionManager,
  request: TxnRequestOf<'AddPartitionsToTxn'>,
  response: AddPartitionsToTxnResponse,
): void {
  request.soon = false
  let failed = Errors.NONE as number
  for (const error of partitionErrors(response)) {
    const reaction = reactionTo(request.kind, error)
    if (reaction === 'partition-failed') failed = error
    else if (reaction !== 'succeed') {
      request.soon = reaction === 'retry-concurrent' && manager.partitions.isEmpty
      react(manager, request, reaction, error)
      return
    }
  }
  const added = failed === Errors.NONE
  manager.partitions.answered(request.partitions, added)
  manager.core.started ||= added
  if (added) request.result.done()
  else abort(manager, request, kafkaException(causeOf(failed, 'AddPartitionsToTxn').message))
}

function partitionErrors({ errorCode, resultsByTransaction }: AddPartitionsToTxnResponse): readonly number[] {
  if (errorCode !== Errors.NONE) return [errorCode]
  return resultsByTransaction.flatMap(({ partitions }) => partitions.map((partition) => partition.partitionErrorCode))
}

/** The call that sends offsets is over only when the group's coordinator has them. */
function onAddOffsets(
  manager: TransactionManager,
  request: TxnRequestOf<'AddOffsetsToTxn'>,
  { errorCode }: AddOffsetsToTxnResponse,
): void {
  const reaction = reactionTo(request.kind, errorCode)
  if (reaction !== 'succeed') {
    react(manager, request, reaction, errorCode)
    return
  }
  manager.enqueueTxnOffsetCommit(request.result, request.offsets, request.group)
  manager.core.started = true
}

function onTxnOffsetCommit(
  manager: TransactionManager,
  request: TxnRequestOf<'TxnOffsetCommit'>,
  { partitions }: TxnOffsetCommitResponse,
): void {
  const { core, pendingOffsets } = manager
  const { result } = request
  let lookedUp = false
  for (const { topicId, partition, errorCode } of partitions) {
    const reaction = reactionTo(request.kind, errorCode)
    if (reaction === 'succeed') pendingOffsets.delete(tpOf(topicId, partition))
    else if (reaction === 'find-coordinator') {
      if (!lookedUp) core.lookupCoordinator('group', request.body.groupId, false)
      lookedUp = true
    } else if (reaction !== 'retry') {
      react(manager, request, reaction, errorCode)
      break
    }
  }
  if (result.completed) pendingOffsets.clear()
  else if (pendingOffsets.size === 0) result.done()
  else core.retry(request)
}

function onEndTxn(
  manager: TransactionManager,
  request: TxnRequestOf<'EndTxn'>,
  { errorCode, producerId, producerEpoch }: EndTxnResponse,
): void {
  const reaction = reactionTo(request.kind, errorCode)
  if (reaction !== 'succeed') {
    manager.onEndFailed(leavesEndInDoubt(errorCode))
    // An abort that cannot be done leaves nothing that could be (KIP-1050).
    const hopeless = reaction === 'abortable' && !request.body.committed
    react(manager, request, hopeless ? 'fatal' : reaction, errorCode)
    return
  }
  if (producerId >= 0) {
    manager.setIdentity(producerId, producerEpoch)
    manager.resetSequences()
  }
  manager.completeTransaction()
  request.result.done()
}

// --- what they have in common -----------------------------------------------------------------------------------------

function react(
  manager: TransactionManager,
  request: TxnRequest,
  reaction: Exclude<Reaction, 'succeed'>,
  error: number,
): void {
  const { core } = manager
  switch (reaction) {
    case 'find-coordinator':
      findCoordinatorOf(manager, request, false)
      core.retry(request)
      break
    case 'retry':
    case 'retry-concurrent':
      core.retry(request)
      break
    case 'partition-failed':
    case 'abortable':
      abort(manager, request, causeOf(error, request.kind))
      break
    case 'abortable-new-epoch':
      request.result.fail(causeOf(error, request.kind))
      core.abortableErrorWithNewEpoch(causeOf(error, request.kind))
      break
    case 'fenced':
      fail(manager, request, Errors.PRODUCER_FENCED)
      break
    case 'fatal':
      fail(manager, request, error)
      break
  }
}

function abort({ core }: TransactionManager, request: TxnRequest, cause: ReturnType<typeof causeOf>): void {
  request.result.fail(cause)
  core.abortableError(cause, 'sender')
}

function fail({ core }: TransactionManager, request: TxnRequest, error: number): void {
  const cause = causeOf(error, request.kind)
  request.result.fail(cause)
  core.fatalError(cause)
}
