import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { AllocateProducerIdsRequest, AllocateProducerIdsResponse } from '../protocol/messages.ts'
import type { ControllerChannel } from './controller-channel.ts'

/** Part of a block after which the next one is asked for (`RPCProducerIdManager.PID_PREFETCH_THRESHOLD`). */
const PREFETCH_THRESHOLD = 0.9

/** `RPCProducerIdManager`: producer ids from blocks that the controller hands out; never waits. */
export class ProducerIdManager {
  private readonly channel: ControllerChannel
  private readonly broker: number
  private next = 0
  private end = 0
  private prefetchAt = 0
  private nextBlock: { readonly start: number; readonly length: number } | null = null
  private requesting = false
  /** A block is wanted and the controller could not be reached yet. */
  private wanted = false

  constructor(channel: ControllerChannel, broker: number) {
    this.channel = channel
    this.broker = broker
  }

  /** The next id, or -1 when none is at hand: the client is told COORDINATOR_LOAD_IN_PROGRESS and asks again. */
  generate(): number {
    if (this.next === this.end && this.nextBlock !== null) {
      this.next = this.nextBlock.start
      this.end = this.next + this.nextBlock.length
      this.prefetchAt = this.next + Math.floor(this.nextBlock.length * PREFETCH_THRESHOLD)
      this.nextBlock = null
    }
    if (this.next === this.end) {
      this.request()
      return -1
    }
    const id = this.next++
    if (id >= this.prefetchAt) this.request()
    return id
  }

  /** The controller can be reached: asks for the block that is wanted, if one is. */
  onControllerReady(): void {
    if (this.wanted) this.request()
  }

  private request(): void {
    if (this.requesting || this.nextBlock !== null) return
    this.wanted = true
    if (!this.channel.ready()) return
    this.wanted = false
    this.requesting = true
    const body: AllocateProducerIdsRequest = { brokerId: this.broker, brokerEpoch: this.channel.brokerEpoch }
    this.channel.send(Api.AllocateProducerIds, body)
  }

  onCompletion(body: object | null): void {
    this.requesting = false
    const response = body as AllocateProducerIdsResponse | null
    if (response === null || response.errorCode !== Errors.NONE) return
    this.nextBlock = { start: response.producerIdStart, length: response.producerIdLen }
  }
}
