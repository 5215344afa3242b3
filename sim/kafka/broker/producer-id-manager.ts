import { MILLISECOND } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { AllocateProducerIdsRequest, AllocateProducerIdsResponse } from '../protocol/messages.ts'
import type { ControllerChannel } from './controller-channel.ts'

/** Part of a block after which the next one is asked for (`RPCProducerIdManager.PID_PREFETCH_THRESHOLD`). */
const PREFETCH_THRESHOLD = 0.9
/** `RPCProducerIdManager.RETRY_BACKOFF_MS` */
const RETRY_BACKOFF_US: number = 50 * MILLISECOND

type Channel = Pick<ControllerChannel, 'brokerEpoch' | 'ready' | 'send'>

/** `RPCProducerIdManager`: producer ids from blocks that the controller hands out; never waits. */
export class ProducerIdManager {
  private readonly env: Pick<Env, 'monotonic'>
  private readonly channel: Channel
  private readonly broker: number
  private next = 0
  private end = 0
  private prefetchAt = 0
  private nextBlock: { readonly start: number; readonly length: number } | null = null
  private requesting = false
  /** A block is wanted and the controller could not be reached yet. */
  private wanted = false
  /** No request before this time, after one that failed. */
  private allowedAt = 0

  constructor(env: Pick<Env, 'monotonic'>, channel: Channel, broker: number) {
    this.env = env
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
    if (id === this.prefetchAt) this.request()
    return id
  }

  /** The controller can be reached: asks for the block that is wanted, if one is. */
  onControllerReady(): void {
    if (this.wanted) this.request()
  }

  private request(): void {
    if (this.requesting || this.nextBlock !== null || this.env.monotonic() < this.allowedAt) return
    this.wanted = true
    if (!this.channel.ready()) return
    this.wanted = false
    this.requesting = true
    const body: AllocateProducerIdsRequest = { brokerId: this.broker, brokerEpoch: this.channel.brokerEpoch }
    this.channel.send(Api.AllocateProducerIds, body)
  }

  /** The request ended. One without an answer is sent again by the channel itself (`NodeToControllerRequestThread`). */
  onCompletion(body: object | null): void {
    this.requesting = false
    const response = body as AllocateProducerIdsResponse | null
    if (response === null) {
      this.request()
      return
    }
    if (response.errorCode !== Errors.NONE) {
      this.allowedAt = this.env.monotonic() + RETRY_BACKOFF_US
      return
    }
    this.allowedAt = 0
    this.nextBlock = { start: response.producerIdStart, length: response.producerIdLen }
  }
}
