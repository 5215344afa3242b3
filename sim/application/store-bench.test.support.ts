import { momentOfKind, M } from '../history/catalogue.ts'
import { Recorder } from '../history/recorder.ts'
import { Kernel, SIGNAL_EVENT, SYSTEM_EVENT } from '../kernel/kernel.ts'
import type { NodeHandler } from '../kernel/node.ts'
import { constant, type Spread } from '../kernel/spread.ts'
import { MILLISECOND } from '../kernel/time.ts'
import { SHUT_DOWN } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import { Links } from '../network/links.ts'
import { ARRIVAL, Network } from '../network/network.ts'
import { Env } from '../kafka/env.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import { Database } from './database.ts'
import { type StoreCaller, StoreClient } from './store-client.ts'
import type { StoreRow, StoreWriteRequest } from './store-messages.ts'
import { StoreProcess } from './store-process.ts'
import { type StoreData, storeService } from './stores.ts'

/** A caller without a mind of its own: keeps what it is told. */
class Caller implements NodeHandler, StoreCaller {
  readonly client: StoreClient
  readonly answers: { readonly token: number; readonly time: number; readonly body: object }[] = []
  readonly failures: { readonly token: number; readonly time: number }[] = []
  private readonly env: Env

  constructor(env: Env, store: number) {
    this.env = env
    this.client = new StoreClient(env, 0, store, this)
  }
  onStoreAnswer(token: number, body: object): void {
    this.answers.push({ token, time: this.env.monotonic(), body })
  }
  onStoreFailed(token: number): void {
    this.failures.push({ token, time: this.env.monotonic() })
  }
  onMessage(message: unknown): void {
    this.client.onMessage(message as Envelope)
  }
  onSignal(kind: number, connection: number): void {
    this.client.onSignal(kind, connection)
  }
  onTimer(kind: number): void {
    this.client.onTimer(kind)
  }
  onStart(): void {}
  onDisk(): void {}
  waiting(): readonly string[] {
    return this.client.waiting()
  }
}

/** A store and some callers, a millisecond apart. */
export class StoreBench {
  readonly kernel: Kernel
  readonly recorder: Recorder
  readonly network: Network
  readonly database: Database = new Database()
  readonly data: StoreData
  readonly callers: readonly Caller[]
  readonly exits: number[] = []
  /** Effects and refusals: [moment, record, offset, what or store, ...]. */
  readonly seen: { readonly name: string; readonly time: number; readonly fields: readonly number[] }[] = []
  private readonly latency: Spread

  constructor(options: { readonly latency?: Spread; readonly callers?: number; readonly data?: StoreData } = {}) {
    const { latency = constant(5 * MILLISECOND), callers = 1 } = options
    this.data = options.data ?? this.database
    this.latency = latency
    this.kernel = new Kernel({
      seed: 'store',
      hasher: {
        update: () => {},
        copy: () => {
          throw new Error('no copy')
        },
        digest: () => '',
      },
      bases: { jitter: 'boring' },
    })
    this.recorder = new Recorder(this.kernel)
    this.network = new Network(this.kernel, this.recorder, new Links(callers + 1, constant(MILLISECOND)), true)
    this.kernel.system = this
    for (let node = 0; node <= callers; node++) this.kernel.addNode(`node-${node}`)
    this.recorder.observe({
      kinds: [M.effectApplied, M.effectRefused],
      onMoment: (kind, time, _node, ...fields) => {
        this.seen.push({ name: momentOfKind(kind)?.name ?? '', time, fields })
      },
    })
    this.startStore()
    this.callers = Array.from({ length: callers }, (_, index) => {
      const caller = new Caller(this.env(index + 1), 0)
      this.kernel.start(index + 1, caller)
      return caller
    })
  }

  get caller(): Caller {
    return this.callers[0] as Caller
  }

  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void {
    if (kind === ARRIVAL) this.network.onArrival(a, b, payload)
  }

  startStore(): void {
    this.network.hostUp(0)
    this.kernel.start(
      0,
      new StoreProcess(this.env(0), this.latency, storeService(this.env(0), this.data), {
        exited: (node) => this.exits.push(node),
      }),
    )
  }

  crashStore(silent = false): void {
    this.network.nodeDied(0, silent)
    this.kernel.kill(0)
  }

  stopStore(): void {
    this.kernel.deliver(0, SIGNAL_EVENT, SHUT_DOWN, 0, 0, null)
  }

  write(token: number, rows: readonly StoreRow[], overrides: Partial<StoreWriteRequest> = {}, caller = 0): void {
    const body: StoreWriteRequest = {
      group: 'g',
      generation: 1,
      write: 'insert',
      fence: 'none',
      rows,
      offsets: null,
      deduplicate: null,
      ...overrides,
    }
    this.callers[caller]?.client.call(StoreApi.StoreWrite, body, token)
  }

  readOffsets(
    token: number,
    partitions: readonly number[],
    overrides: { readonly generation?: number; readonly fence?: 'none' | 'generation' | 'offset' } = {},
  ): void {
    const body = { group: 'g', generation: 1, fence: 'none', partitions, ...overrides }
    this.caller.client.call(StoreApi.StoreReadOffsets, body, token)
  }

  runFor(us: number): void {
    const until = this.kernel.now + us
    this.kernel.schedule(us, SYSTEM_EVENT, 0, 99, 0, 0, null, 0x777, 0)
    while (this.kernel.now < until) this.kernel.step()
  }

  private env(node: number): Env {
    return new Env(node, this.kernel, this.network, this.recorder)
  }
}
