import { createClock } from '@sinonjs/fake-timers'
import type { Sample } from '../sample.ts'
import { measureRally, Rally, TIMEOUT_US } from './rally.ts'

/** Requests with a timeout that the answer cancels, on @sinonjs/fake-timers. Options: requests in flight. */
export function run(count: number, options: readonly string[]): Sample {
  const inFlight = Number(options[0] ?? 64)
  const rally = new Rally()
  const clock = createClock(0)
  const timeouts: ReturnType<typeof clock.setTimeout>[] = []
  const expire = (): never => {
    throw new Error('a request ran into its timeout')
  }
  const send = (request: number): void => {
    if (!rally.on()) return
    timeouts[request] = clock.setTimeout(expire, TIMEOUT_US, request)
    clock.setTimeout(answer, rally.throw(), request)
  }
  const answer = (request: unknown): void => {
    clock.clearTimeout(timeouts[request as number])
    send(request as number)
  }
  return measureRally(count, rally, () => {
    for (let request = 0; request < inFlight; request++) send(request)
    while (clock.countTimers() > 0) clock.next()
    return clock.now
  })
}
