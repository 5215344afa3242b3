import type { CodeReference } from '../../sim/host.ts'
import type { WorldSpec } from '../../sim/spec.ts'

/** A consumer, processor or sink whose work is the user's own code. */
export interface OwnHandler {
  readonly application: string
  readonly code: CodeReference
}

export function handlersOf({ consumers, processors, sinks }: WorldSpec): readonly OwnHandler[] {
  const reading = [...consumers, ...sinks].flatMap(({ name, handler }) =>
    handler === undefined ? [] : [{ application: name, code: handler }],
  )
  const processing = processors.flatMap(({ name, transform }) =>
    transform.kind === 'handler' ? [{ application: name, code: transform.code }] : [],
  )
  return [...reading, ...processing]
}
