import type { ProducerStep } from '../../../sim/application/workload.ts'
import type { Place } from '../place.ts'

/** The first step of a script that is about transactions, or null. */
export function transactionStep(steps: Place): Place | null {
  for (const item of steps.items()) {
    if (['begin', 'commit', 'abort'].includes(item.text() ?? '')) return item
    if (item.has('commit')) return item.get('commit')
  }
  return null
}

/**
 * What Kafka's client throws IllegalStateException for, as far as the script alone tells: calls in an order that
 * `TransactionManager` has no transition for.
 */
export function checkScript(place: Place, steps: readonly ProducerStep[]): void {
  const items = place.items()
  // Steps that were refused are missing, and then places no longer match.
  if (items.length !== steps.length) return
  const at = (index: number): Place => items[index] ?? place
  let open = false
  steps.forEach((step, index) => {
    switch (step.do) {
      case 'begin':
        if (open) refuse(at(index), '`begin` while a transaction is open', 'end it first, by `- commit` or `- abort`')
        open = true
        return
      case 'commit':
      case 'abort':
        if (!open) refuse(at(index), `\`${step.do}\` without a transaction`, 'write `- begin` before it')
        open = false
        return
      case 'send':
        if (!open) refuse(at(index), '`send` outside of a transaction', 'write `- begin` before it')
        return
      case 'restart':
      case 'close':
        open = false
        return
      case 'wait':
      case 'wait-moment':
      case 'flush':
    }
  })
}

function refuse(place: Place, what: string, help: string): void {
  place.error('TWICESHY_CONFIG_REFUSED', `${what}: Kafka's client throws IllegalStateException`, help)
}
