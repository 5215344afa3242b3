import { expect, test } from 'vitest'
import { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import { CONNECTED } from '../network/connection.ts'
import type { OutputOwner } from './output.ts'
import { type PositionReader, SinkOutput } from './sink-output.ts'
import type { StoreWriteRequest } from './store-messages.ts'

const STORE = 9
const CONNECTION = 5

/** A sink whose handler says of which records nothing is written. */
class Sink extends SinkOutput {
  override pass(worker: number, polled: ConsumedRecord, generation: number): void {
    super.pass(worker, polled, generation)
  }
}

function polled(tp: number, offset: number): ConsumedRecord {
  return new ConsumedRecord({ record: offset, attempt: 0, key: 'k', size: 1, timestamp: 0 }, tp, offset, 0)
}

test('what a revoked partition had is forgotten, also where nothing was to be written', () => {
  const sent: StoreWriteRequest[] = []
  const env = {
    node: 1,
    monotonic: () => 0,
    setTimer: () => 1,
    connect: () => CONNECTION,
    request: (...call: readonly unknown[]) => sent.push(call[5] as StoreWriteRequest),
  } as unknown as Env
  const sink = new Sink(
    env,
    {} as OutputOwner & PositionReader,
    {
      timerBase: 0,
      store: STORE,
      group: 'g',
      write: { kind: 'rows', write: 'insert', deduplicate: null },
      fence: 'none',
      withOutput: true,
      failsOnDoubt: true,
      workers: 1,
      tellSteps: false,
    } as unknown as ConstructorParameters<typeof SinkOutput>[2],
  )
  sink.put(0, polled(1, 3), 1)
  sink.pass(0, polled(1, 4), 1)
  sink.put(0, polled(2, 7), 1)
  sink.pass(0, polled(2, 8), 1)
  sink.forget([2])
  expect(sink.settle(0)).toBe(false)
  sink.onSignal(CONNECTED, CONNECTION, STORE)
  expect(sent.map(({ rows, offsets }) => [rows.map(({ offset }) => offset), offsets])).toEqual([
    [[3], [{ tp: 1, next: 5 }]],
  ])
})
