import { type Subscription, VirtualTimeScheduler } from 'rxjs'
import type { Sample } from '../sample.ts'
import { measureRally, Rally, TIMEOUT_US } from './rally.ts'

/** Requests with a timeout that the answer cancels, on rxjs' VirtualTimeScheduler. Options: requests in flight. */
export function run(count: number, options: readonly string[]): Sample {
  const inFlight = Number(options[0] ?? 64)
  const rally = new Rally()
  const scheduler = new VirtualTimeScheduler()
  const timeouts: Subscription[] = []
  const expire = (): never => {
    throw new Error('a request ran into its timeout')
  }
  const send = (request: number): void => {
    if (!rally.on()) return
    timeouts[request] = scheduler.schedule(expire, TIMEOUT_US, request)
    scheduler.schedule(answer, rally.throw(), request)
  }
  const answer = (request = 0): void => {
    timeouts[request]?.unsubscribe()
    send(request)
  }
  return measureRally(count, rally, () => {
    for (let request = 0; request < inFlight; request++) send(request)
    scheduler.flush()
    return scheduler.frame
  })
}
