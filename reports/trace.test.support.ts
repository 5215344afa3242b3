import { momentNamed } from '../sim/history/catalogue.ts'
import { APPENDED_AS_LEADER, maskHigh, maskLow, recordOf, tpOf } from '../sim/history/ids.ts'
import { Recorder } from '../sim/history/recorder.ts'
import type { Kernel } from '../sim/kernel/kernel.ts'
import { testKernel } from '../sim/kernel/world.test.support.ts'

/** Nodes of the made-up world. */
export const CONTROLLER = 0
export const BROKER_1 = 1
export const BROKER_2 = 2
export const BROKER_3 = 3
export const CHECKOUT = 4
/** `orders-0` */
export const ORDERS: number = tpOf(1, 0)
/** `checkout#0/n` */
export const record = (n: number): number => recordOf(CHECKOUT, n)

/** Writes a trace by hand: moments by name and the fields that matter; moments of one `event` cause each other. */
export class TraceWriter {
  private readonly kernel: Kernel
  private readonly recorder: Recorder
  private root: number

  constructor() {
    this.kernel = testKernel({ keepTrace: true })
    this.recorder = new Recorder(this.kernel)
    const names = ['controller-1', 'broker-1', 'broker-2', 'broker-3', 'checkout#0']
    names.forEach((name, node) => this.tell('node.defined', node, { name }))
    this.tell('topic.created', 0, { topic: 'orders', topicId: 1, partitions: 1, replicas: 3 })
    this.tell('leader.elected', 0, { tp: ORDERS, leader: 1, epoch: 0, isr: [1, 2, 3] })
    this.root = this.kernel.cause
  }

  /** An event at so many milliseconds. */
  at(ms: number): this {
    this.kernel.now = ms * 1000
    this.kernel.cause = this.root
    return this
  }

  tell(
    name: string,
    node: number,
    values: Readonly<Record<string, number | boolean | string | readonly number[]>>,
  ): this {
    const moment = momentNamed(name)
    if (moment === undefined) throw new RangeError(`no moment ${name}`)
    const integers = moment.fields.flatMap((field) => {
      const value = values[field.name] ?? 0
      if (field.type === 'text') return [this.recorder.text(String(value))]
      if (field.type === 'nodes') {
        const brokers = typeof value === 'object' ? value : []
        return [maskLow(brokers), maskHigh(brokers)]
      }
      return [Number(value)]
    })
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = integers
    if (moment.width > 4) this.recorder.emitWide(moment.kind, node, a, b, c, d, e, f, g, h)
    else this.recorder.emit(moment.kind, node, a, b, c, d)
    return this
  }

  /** checkout#0 sends record n in a batch of its own, numbered n too, over connection 9. */
  send(ms: number, n: number): this {
    return this.at(ms)
      .tell('record.sent', CHECKOUT, { record: record(n), tp: ORDERS })
      .tell('record.batched', CHECKOUT, { record: record(n), batch: n, index: 0 })
      .tell('request.sent', CHECKOUT, { to: BROKER_1, api: 0, connection: 9, correlation: n })
  }

  /** A broker appends batch n; `leader` tells whether it got it from the client. */
  append(ms: number, node: number, n: number, offset: number, leader: boolean): this {
    const producerEpoch = leader ? APPENDED_AS_LEADER : 0
    if (leader) this.at(ms).tell('request.delivered', node, { from: CHECKOUT, api: 0, connection: 9, correlation: n })
    else this.at(ms)
    return this.tell('log.appended', node, { tp: ORDERS, offset, last: offset, batch: n, producerEpoch })
  }

  chunks(): readonly Uint8Array[] {
    return this.kernel.trace.chunks()
  }
}
