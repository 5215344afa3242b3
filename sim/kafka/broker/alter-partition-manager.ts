import { partitionOf, topicIdOf, tpOf } from '../../history/ids.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { ClientRequest, Completion } from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { AlterPartitionData, AlterPartitionRequest, AlterPartitionResponse } from '../protocol/messages.ts'
import type { ControllerChannel } from './controller-channel.ts'
import type { AlterIsr } from './partition.ts'
import { BrokerTimer } from './timers.ts'

const RETRY_DELAY: number = 50 * MILLISECOND

/** Told when an answer moved a partition's high watermark or in-sync set. */
export interface AlterPartitionListener {
  onIsrAnswered(tp: number): void
}

/** `AlterPartitionManager`: changes of in-sync sets go to the controller, one request in flight per broker, batched. */
export class AlterPartitionManager {
  private readonly env: Env
  private readonly channel: ControllerChannel
  private readonly listener: AlterPartitionListener
  private readonly broker: number
  /** One unsent change per partition. */
  private readonly unsent: Map<number, AlterIsr> = new Map()
  private inFlight: readonly AlterIsr[] = []

  constructor(env: Env, channel: ControllerChannel, broker: number, listener: AlterPartitionListener) {
    this.env = env
    this.channel = channel
    this.broker = broker
    this.listener = listener
  }

  submit(item: AlterIsr): void {
    const { tp } = item.partition
    if (this.unsent.has(tp)) {
      // An older change of the partition is not answered yet; the new one may be proposed again once it is.
      item.partition.onAlterRefused(item, Errors.OPERATION_NOT_ATTEMPTED)
      return
    }
    this.unsent.set(tp, item)
    this.maybePropagate()
  }

  /** Sends what is unsent when nothing is in flight and the controller can be reached. */
  maybePropagate(): void {
    if (this.inFlight.length > 0 || this.unsent.size === 0 || !this.channel.ready()) return
    this.inFlight = [...this.unsent.values()]
    const body: AlterPartitionRequest = {
      brokerId: this.broker,
      brokerEpoch: this.channel.brokerEpoch,
      partitions: this.inFlight.map((item) => ({
        topicId: topicIdOf(item.partition.tp),
        partitionIndex: partitionOf(item.partition.tp),
        leaderEpoch: item.leaderEpoch,
        newIsrWithEpochs: this.membersOf(item),
        leaderRecoveryState: item.partition.leaderRecoveryState,
        partitionEpoch: item.partitionEpoch,
      })),
    }
    this.channel.send(Api.AlterPartition, body)
  }

  private membersOf(item: AlterIsr): AlterPartitionData['newIsrWithEpochs'] {
    const epochs = item.partition.epochsSent(item)
    return item.isr.map((brokerId, index) => ({
      brokerId,
      brokerEpoch: brokerId === this.broker ? this.channel.brokerEpoch : (epochs[index] as number),
    }))
  }

  onCompletion(_request: ClientRequest, body: object | null, cause: Completion): void {
    const items = this.inFlight
    this.inFlight = []
    if (cause !== 'response' || body === null) {
      this.retryLater()
      return
    }
    const response = body as AlterPartitionResponse
    if (response.errorCode !== Errors.NONE) {
      this.retryLater()
      return
    }
    let retry = false
    for (const item of items) {
      const { tp } = item.partition
      const result = response.partitions.find((candidate) => tpOf(candidate.topicId, candidate.partitionIndex) === tp)
      if (result === undefined) {
        retry = true
        continue
      }
      if (result.errorCode === Errors.NONE) {
        this.unsent.delete(tp)
        item.partition.onAlterAccepted(item, result)
        this.listener.onIsrAnswered(tp)
      } else if (item.partition.onAlterRefused(item, result.errorCode) === 'done') {
        this.unsent.delete(tp)
        this.listener.onIsrAnswered(tp)
      } else {
        retry = true
      }
    }
    if (retry) this.retryLater()
    else this.maybePropagate()
  }

  /** The role changed: what was to be proposed is void. */
  forget(tp: number): void {
    if (!this.inFlight.some((item) => item.partition.tp === tp)) this.unsent.delete(tp)
  }

  private retryLater(): void {
    this.env.setTimer(BrokerTimer.AlterPartitionRetry, RETRY_DELAY)
  }
}
