import { samplerOf } from '../kernel/sampler.ts'
import type { Spread } from '../kernel/spread.ts'
import type { Stream } from '../kernel/stream.ts'
import type {
  DrawnStep,
  DrawnTransactions,
  DrawnWorkload,
  ProducerStep,
  ProducerWorkload,
  TransactionPattern,
} from './workload.ts'

/** Draws all that is open in a workload: the gaps and keys of one instance. */
export function drawWorkload(workload: ProducerWorkload, stream: Stream): DrawnWorkload {
  if (workload.kind === 'steps') return { kind: 'steps', steps: workload.steps.map((step) => drawStep(step, stream)) }
  const { records, every, keys, size, transactions } = workload
  const sampler = samplerOf(every)
  const gaps = new Float64Array(records)
  const keyOf = new Int32Array(records)
  for (let n = 0; n < records; n++) {
    gaps[n] = n === 0 ? 0 : sampler.length(stream.below(sampler.bound))
    keyOf[n] = keys === 0 ? -1 : stream.below(keys)
  }
  return {
    kind: 'send',
    gaps,
    keys: keyOf,
    size,
    transactions: transactions === null ? null : drawTransactions(transactions, records, stream),
  }
}

/** Shares are drawn in millionths. */
const MILLION = 1_000_000

function drawTransactions({ every, abort }: TransactionPattern, records: number, stream: Stream): DrawnTransactions {
  const aborts = new Uint8Array(Math.ceil(records / every))
  const share = Math.round(abort * MILLION)
  if (share > 0) for (let n = 0; n < aborts.length; n++) aborts[n] = stream.below(MILLION) < share ? 1 : 0
  return { every, aborts }
}

function drawStep(step: ProducerStep, stream: Stream): DrawnStep {
  return step.do === 'wait' ? { do: 'wait', us: drawSpread(step.for, stream) } : step
}

function drawSpread(spread: Spread, stream: Stream): number {
  const sampler = samplerOf(spread)
  return sampler.length(stream.below(sampler.bound))
}
