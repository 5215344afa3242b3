import type { CodeReference } from '../../sim/host.ts'
import type { WorldSpec } from '../../sim/spec.ts'

/** A processor whose work is the user's own code. */
export interface OwnHandler {
  readonly application: string
  readonly code: CodeReference
}

export function handlersOf({ processors }: WorldSpec): readonly OwnHandler[] {
  return processors.flatMap(({ name, transform }) =>
    transform.kind === 'handler' ? [{ application: name, code: transform.code }] : [],
  )
}
