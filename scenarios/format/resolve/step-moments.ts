import type { FaultEntry } from '../../../sim/faults/plan.ts'
import type { Place } from '../place.ts'

/** `step.*` moments cost events of their own, so they are told only when a fault waits for one: else nothing may ask for them. */
export function checkStepMoments(root: Place, faults: readonly FaultEntry[]): void {
  if (faults.some(waitsForStep)) return
  const waits = root
    .get('producers')
    .entries()
    .flatMap((producer) => producer.get('steps').items())
    .map((step) => step.get('wait').get('moment'))
  for (const place of [...root.get('cover').items(), ...waits]) {
    if (place.text()?.startsWith('step.') !== true) continue
    const message = `${place.describe()} never happens here: steps are told only when a fault waits for one`
    place.error(
      'TWICESHY_NEVER_FIRES',
      message,
      'add a fault with `fail:`, or ask for another moment, such as `produce.acked`',
    )
  }
}

function waitsForStep({ trigger }: FaultEntry): boolean {
  return trigger.kind === 'fail' || (trigger.kind === 'when' && trigger.match.moment.startsWith('step.'))
}
