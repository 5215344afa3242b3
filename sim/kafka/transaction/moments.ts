import { M } from '../../history/catalogue.ts'
import type { Env } from '../env.ts'
import { Errors } from '../protocol/errors.ts'
import type { TransactionAppend } from './appends.ts'
import type { TransactionMetadata } from './transaction-metadata.ts'

/** Tells of a change that is replicated, before it is made: `metadata` is as it was. */
export function tellTransition(env: Env, metadata: TransactionMetadata, append: TransactionAppend): void {
  const { transit, afterwards, coordinatorEpoch } = append
  const { producerId, producerEpoch, transactionStatus } = transit
  const id = env.recorder.text(append.transactionalId)
  switch (transactionStatus) {
    case 'Empty':
      if (afterwards.kind !== 'registered') return
      env.emit(M.producerRegistered, id, producerId, producerEpoch, afterwards.reply.request.source)
      return
    case 'Ongoing':
      if (metadata.state !== 'Ongoing') env.emit(M.txnOpened, id, producerId, producerEpoch, coordinatorEpoch)
      for (const tp of transit.transactionPartitions) {
        if (metadata.state === 'Ongoing' && metadata.partitions.includes(tp)) continue
        env.emit(M.txnPartitionAdded, id, tp, producerId, producerEpoch)
      }
      return
    case 'PrepareCommit':
    case 'PrepareAbort': {
      const commit = transactionStatus === 'PrepareCommit' ? 1 : 0
      const timedOut = afterwards.kind === 'prepared' && afterwards.audience.kind === 'timeout' ? 1 : 0
      env.emitWide(M.txnPrepared, id, commit, producerId, producerEpoch, coordinatorEpoch, timedOut)
      return
    }
    case 'CompleteCommit':
    case 'CompleteAbort': {
      // By the name that its markers had, not by the one that the producer goes on with.
      const commit = transactionStatus === 'CompleteCommit' ? 1 : 0
      env.emitWide(M.txnCompleted, id, commit, metadata.producerId, metadata.producerEpoch, coordinatorEpoch)
      return
    }
    case 'Dead':
    case 'PrepareEpochFence':
  }
}

/**
 * Tells what a new coordinator found in its log. It may be more than the one before it could tell: what was written there but
 * not replicated counts from now on.
 */
export function tellLoaded(env: Env, metadata: TransactionMetadata, coordinatorEpoch: number): void {
  const { producerId, producerEpoch, state } = metadata
  const id = env.recorder.text(metadata.transactionalId)
  switch (state) {
    case 'Empty':
      return
    case 'Ongoing':
      env.emit(M.txnOpened, id, producerId, producerEpoch, coordinatorEpoch)
      tellPartitions(env, id, metadata)
      return
    case 'PrepareCommit':
    case 'PrepareAbort':
      env.emitWide(M.txnPrepared, id, state === 'PrepareCommit' ? 1 : 0, producerId, producerEpoch, coordinatorEpoch, 0)
      tellPartitions(env, id, metadata)
      return
    case 'CompleteCommit':
    case 'CompleteAbort':
      env.emitWide(M.txnCompleted, id, state === 'CompleteCommit' ? 1 : 0, producerId, producerEpoch, coordinatorEpoch)
  }
}

function tellPartitions(env: Env, id: number, { partitions, producerId, producerEpoch }: TransactionMetadata): void {
  for (const tp of partitions) env.emit(M.txnPartitionAdded, id, tp, producerId, producerEpoch)
}

/** Refusals that are not worth telling: the producer asks again, here or elsewhere. */
const TRIED_AGAIN: ReadonlySet<number> = new Set([
  Errors.NONE,
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.NOT_COORDINATOR,
  Errors.CONCURRENT_TRANSACTIONS,
])

/** Tells of a refusal that ends something for the producer. */
export function tellRefused(
  env: Env,
  request: { readonly api: number; readonly source: number },
  who: { readonly transactionalId: string; readonly producerId: number; readonly producerEpoch: number },
  error: number,
): void {
  if (TRIED_AGAIN.has(error)) return
  const id = env.recorder.text(who.transactionalId)
  env.emitWide(M.producerRefused, id, request.api, error, who.producerId, who.producerEpoch, request.source)
}
