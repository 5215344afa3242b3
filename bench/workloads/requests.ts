import { sha256 } from '../../cli/host/sha256.ts'
import { Kernel, type TimerHandle } from '../../sim/kernel/kernel.ts'
import type { NodeHandler } from '../../sim/kernel/node.ts'
import { JITTER } from '../../sim/kernel/site.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'

const ANSWER = 1
const TIMEOUT = 2

/** A moment's kind, for the trace. */
const ANSWERED = 11

/** Requests with a 30 s timeout that the answer cancels, the pattern of every Kafka client; one record for each. */
class Client implements NodeHandler {
  private readonly kernel: Kernel
  private readonly inFlight: number
  private readonly timeouts: TimerHandle[] = []
  cancelled = 0

  constructor(kernel: Kernel, inFlight: number) {
    this.kernel = kernel
    this.inFlight = inFlight
  }

  onStart(): void {
    for (let request = 0; request < this.inFlight; request++) this.send(request)
  }

  onTimer(kind: number, request: number): void {
    if (kind !== ANSWER) return
    const { kernel } = this
    if (kernel.cancel(this.timeouts[request] as number)) this.cancelled++
    kernel.cause = kernel.trace.write(kernel.now, kernel.cause, ANSWERED, 0, request, this.cancelled, 0, 0)
    this.send(request)
  }

  private send(request: number): void {
    this.timeouts[request] = this.kernel.setTimer(0, TIMEOUT, 30_000_000, request, 0)
    this.kernel.setTimer(0, ANSWER, 200 + this.kernel.decide(JITTER, 1801), request, 0)
  }

  onMessage(): void {}
  onSignal(): void {}
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }
}

/** Requests with cancelled timeouts; says how many events wait at the end. Options: requests in flight, queue. */
export function run(count: number, options: readonly string[]): Sample {
  const inFlight = Number(options[0] ?? 100)
  const kernel = new Kernel({ seed: '1', hasher: sha256(), queue: options[1] === 'wheel' ? 'wheel' : 'heap' })
  const client = new Client(kernel, inFlight)
  kernel.start(kernel.addNode('client'), client)
  kernel.run(Math.floor(count / 10))
  const ns = timed(() => {
    kernel.run(count)
  })
  const extra = { pending: kernel.pending, live: 2 * inFlight, cancelled: client.cancelled }
  return { count: count - Math.floor(count / 10), ns, check: kernel.digest(), extra }
}
