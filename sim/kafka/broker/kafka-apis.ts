import type { Envelope } from '../../network/envelope.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  FindCoordinatorRequest,
  ListOffsetsRequest,
  OffsetForLeaderEpochRequest,
} from '../protocol/group-messages.ts'
import type { InitProducerIdRequest, InitProducerIdResponse, ProduceRequest } from '../protocol/messages.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { ShareDisk } from '../share/coordinator/share-coordinator.ts'
import { TransactionDisk } from '../transaction/transaction-state-manager.ts'
import type { BrokerParts } from './broker-parts.ts'
import { apiVersionsResponse, metadataResponse } from './metadata-answers.ts'
import type { AnsweredFetch } from './replica-fetcher.ts'
import type { VerifiedProduce } from './transaction-verification.ts'

/** Disk operations that may take time. */
const APPEND = 1
const APPLY_FETCH = 2
const CLEAN_SHUTDOWN = 3
const APPEND_VERIFIED = 4
const APPEND_MARKERS = 5
// The group coordinator's own kinds begin at 10 (`CoordinatorDisk`), the transaction coordinator's at 20
// (`TransactionDisk`), the share coordinator's at 30 (`ShareDisk`).

/** `KafkaApis`: the way of every request to the manager that answers it; what writes waits for the disk first. */
export class KafkaApis {
  private readonly profile: ClusterProfile
  private readonly parts: BrokerParts

  constructor(profile: ClusterProfile, parts: BrokerParts) {
    this.profile = profile
    this.parts = parts
  }

  handle(request: Envelope): void {
    const { channel, replicas, groups, transactions, verification, markers, diskQueue, metadata, finder } = this.parts
    const { shares, shareStates } = this.parts
    switch (request.api) {
      case Api.Produce:
        if ((request.body as ProduceRequest).transactionalId !== null) verification.produce(request)
        else if (diskQueue.admit(APPEND, 0, 0, request)) replicas.appends.produce(request, null)
        break
      case Api.WriteTxnMarkers:
        if (diskQueue.admit(APPEND_MARKERS, 0, 0, request)) markers.handle(request)
        break
      case Api.Fetch:
        replicas.reads.fetch(request)
        break
      case Api.Metadata:
        channel.reply(request, metadataResponse(request, metadata))
        break
      case Api.ApiVersions:
        channel.reply(request, apiVersionsResponse(this.profile))
        break
      case Api.InitProducerId:
        if ((request.body as InitProducerIdRequest).transactionalId !== null) transactions.handle(request)
        else channel.reply(request, this.initProducerId())
        break
      case Api.AddPartitionsToTxn:
      case Api.AddOffsetsToTxn:
      case Api.EndTxn:
        transactions.handle(request)
        break
      case Api.ListOffsets:
        channel.reply(request, replicas.reads.listOffsets(request.body as ListOffsetsRequest))
        break
      case Api.OffsetForLeaderEpoch:
        channel.reply(request, replicas.reads.offsetForLeaderEpoch(request.body as OffsetForLeaderEpochRequest))
        break
      case Api.FindCoordinator:
        channel.reply(request, finder.find(request.body as FindCoordinatorRequest))
        break
      case Api.JoinGroup:
      case Api.SyncGroup:
      case Api.Heartbeat:
      case Api.LeaveGroup:
      case Api.ConsumerGroupHeartbeat:
      case Api.OffsetCommit:
      case Api.TxnOffsetCommit:
      case Api.OffsetFetch:
      case Api.ShareGroupHeartbeat:
        groups.handle(request)
        break
      case Api.ShareFetch:
      case Api.ShareAcknowledge:
        shares.handle(request)
        break
      case Api.ReadShareGroupState:
      case Api.WriteShareGroupState:
        shareStates.handle(request)
        break
      default:
        channel.close(request)
    }
  }

  private initProducerId(): InitProducerIdResponse {
    const producerId = this.parts.producerIds.generate()
    return producerId < 0
      ? { errorCode: Errors.COORDINATOR_LOAD_IN_PROGRESS, producerId: -1, producerEpoch: -1 }
      : { errorCode: Errors.NONE, producerId, producerEpoch: 0 }
  }

  /** What a transactional batch may do is known. */
  onProduceVerified(verified: VerifiedProduce): void {
    if (this.parts.diskQueue.admit(APPEND_VERIFIED, 0, 0, verified)) this.appendVerified(verified)
  }

  private appendVerified(verified: VerifiedProduce): void {
    this.parts.replicas.appends.produce(verified.request, verified)
  }

  /** A leader has answered a fetch of this broker's. */
  onFetchResponse(fetch: AnsweredFetch): void {
    if (this.parts.diskQueue.admit(APPLY_FETCH, 0, 0, fetch)) this.parts.replicas.applyFetched(fetch)
  }

  /** Whether the broker may end now; else {@link onDisk} says when. */
  admitShutdown(): boolean {
    return this.parts.diskQueue.admit(CLEAN_SHUTDOWN, 0, 0, null)
  }

  /** The disk is ready for what was asked. True: for the broker's clean end, which is the broker's to do. */
  onDisk(kind: number, a: number, b: number, payload: unknown): boolean {
    const { channel, replicas, groups, transactions, markers, diskQueue, shareStates } = this.parts
    diskQueue.completed()
    switch (kind) {
      case APPEND:
        if (channel.isOpen(payload as Envelope)) replicas.appends.produce(payload as Envelope, null)
        break
      case APPEND_VERIFIED:
        this.appendVerified(payload as VerifiedProduce)
        break
      case APPEND_MARKERS:
        markers.handle(payload as Envelope)
        break
      case APPLY_FETCH:
        replicas.applyFetched(payload as AnsweredFetch)
        break
      case CLEAN_SHUTDOWN:
        return true
      case TransactionDisk.load:
      case TransactionDisk.append:
        transactions.onDisk(kind, a, b, payload)
        break
      case ShareDisk.load:
      case ShareDisk.operate:
        shareStates.onDisk(kind, a, b, payload)
        break
      default:
        groups.onDisk(kind, a, b)
    }
    return false
  }
}
