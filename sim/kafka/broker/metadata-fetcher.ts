import { ms } from '../../kernel/time.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOwner,
} from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { MetadataFetchRequest, MetadataFetchResponse } from '../protocol/messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import { serverClientOptions } from './controller-channel.ts'
import { BrokerTimer, METADATA_CLIENT_TIMERS } from './timers.ts'

/** `KafkaRaftClient.MAX_FETCH_WAIT_MS` */
const MAX_WAIT_MS = 500

export interface MetadataListener {
  /** Where the broker's copy of the metadata log ends. */
  readonly nextMetadataOffset: number
  /** Committed records in order; `chain` names the log up to the last of them, 0 with one controller. */
  onMetadata(records: readonly MetadataRecord[], chain: number): void
}

/** The broker as observer of the metadata log of one controller: it fetches at its own pace and applies what is committed. */
export class MetadataFetcher implements NetworkClientOwner {
  readonly client: NetworkClient
  private readonly env: Env
  private readonly controller: number
  private readonly broker: number
  private readonly listener: MetadataListener

  /** @param requestTimeoutUs controller.quorum.request.timeout.ms */
  constructor(env: Env, controller: number, broker: number, requestTimeoutUs: number, listener: MetadataListener) {
    this.env = env
    this.controller = controller
    this.broker = broker
    this.listener = listener
    this.client = new NetworkClient(env, serverClientOptions(METADATA_CLIENT_TIMERS, requestTimeoutUs), this)
  }

  start(): void {
    if (this.client.ready(this.controller)) this.fetch()
  }

  onReady(): void {
    this.fetch()
  }

  onConnectionFailed(): void {
    // The next attempt follows when the back-off is over.
  }

  onBackoffOver(): void {
    this.start()
  }

  onCompletion(_request: ClientRequest, body: object | null, cause: Completion): void {
    if (cause !== 'response' || body === null) return
    const response = body as MetadataFetchResponse
    if (response.errorCode !== Errors.NONE) {
      // controller.quorum.retry.backoff.ms
      this.env.setTimer(BrokerTimer.MetadataFetchRetry, ms(20))
      return
    }
    if (response.records.length > 0) this.listener.onMetadata(response.records, 0)
    this.fetch()
  }

  private fetch(): void {
    if (!this.client.canSend(this.controller)) return
    const body: MetadataFetchRequest = {
      replicaId: this.broker,
      maxWaitMs: MAX_WAIT_MS,
      fetchOffset: this.listener.nextMetadataOffset,
    }
    this.client.send(this.controller, Api.Fetch, body, 0)
  }
}
