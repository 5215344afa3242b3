import type { Place } from '../place.ts'
import { durationAt } from '../values/duration.ts'

/** When an application starts and when it stops, null = not by itself. */
export function resolveTimes(
  place: Place,
  kind: string,
  runForUs: number,
): { readonly startUs: number; readonly stopUs: number | null } {
  const startUs = durationAt(place.get('start'), '`start`', 0)
  const stopUs = durationAt(place.get('stop'), '`stop`', null)
  if (startUs >= runForUs && place.has('start')) {
    const message = `${kind} \`${place.name}\` would start when the run is over already`
    place.get('start').error('TWICESHY_IMPOSSIBLE', message, 'start it earlier, or raise `run.for`')
  }
  if (stopUs !== null && stopUs <= startUs) {
    const message = `${kind} \`${place.name}\` would stop before it starts`
    place.get('stop').error('TWICESHY_IMPOSSIBLE', message, 'write a later `stop`', place.get('start'))
  }
  return { startUs, stopUs }
}
