import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import type { Memory } from './applications.ts'
import type { Output, OutputOwner } from './output.ts'
import { StoreOutput } from './store-output.ts'
import type { StoreCallRequest } from './store-messages.ts'

export interface CallOutputOptions {
  readonly timerBase: number
  /** Node of the endpoint. */
  readonly store: number
  readonly group: string
  readonly idempotencyKey: Memory | null
  readonly workers: number
}

/**
 * A sink's output where each record is a call to an endpoint, for which its worker waits. A call of unknown outcome is made
 * again: without an idempotency key for better or worse.
 */
export class CallOutput extends StoreOutput implements Output {
  readonly writesUnits = false
  /** When the worker goes on, the call has been answered. */
  readonly immediate = true
  private readonly owner: OutputOwner
  private readonly options: CallOutputOptions
  /** By worker: the call it waits for. */
  private readonly calls: (StoreCallRequest | null)[]

  constructor(env: Env, owner: OutputOwner, options: CallOutputOptions) {
    super(env, options)
    this.owner = owner
    this.options = options
    this.calls = Array.from({ length: options.workers }, () => null)
  }

  start(): void {}

  put(worker: number, { tp, offset, record }: ConsumedRecord, generation: number): boolean {
    const { group, idempotencyKey } = this.options
    const row = { record: record.record, tp, offset, key: record.key }
    this.calls[worker] = { group, generation, row, idempotencyKey }
    this.call(worker)
    return false
  }

  settle(): boolean {
    return true
  }

  discard(): void {}

  isIdle(): boolean {
    return this.calls.every((call) => call === null)
  }

  close(): boolean {
    this.calls.fill(null)
    this.client.close()
    return true
  }

  onTimer(kind: number): boolean {
    return this.client.onTimer(kind)
  }

  onStoreAnswer(worker: number): void {
    this.calls[worker] = null
    this.owner.onPut(worker)
  }

  onStoreFailed(worker: number): void {
    this.call(worker)
  }

  private call(worker: number): void {
    this.client.call(StoreApi.StoreCall, this.calls[worker] as StoreCallRequest, worker)
  }
}
