import type { Envelope } from '../network/envelope.ts'
import type { Env } from '../kafka/env.ts'
import { type StoreCaller, StoreClient } from './store-client.ts'

/** What outputs into stores have in common: one connection, and whatever comes over it. */
export abstract class StoreOutput implements StoreCaller {
  protected readonly env: Env
  protected readonly client: StoreClient
  private readonly store: number

  constructor(env: Env, { timerBase, store }: { readonly timerBase: number; readonly store: number }) {
    this.env = env
    this.store = store
    this.client = new StoreClient(env, timerBase, store, this)
  }

  abstract onStoreAnswer(token: number, body: object): void
  abstract onStoreFailed(token: number): void

  onMessage(envelope: Envelope): void {
    if (envelope.source === this.store) this.client.onMessage(envelope)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    if (peer === this.store) this.client.onSignal(kind, connection)
  }

  waiting(): readonly string[] {
    return this.client.waiting()
  }
}
