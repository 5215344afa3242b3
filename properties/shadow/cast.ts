import type { WorldSpec } from '../../sim/spec.ts'
import { Applications } from './applications.ts'
import { Names } from './names.ts'
import { Partitions } from './partitions.ts'

/** Who plays in a world: what can be told of its partitions and applications before anything happens. Never changes. */
export interface Cast {
  readonly partitions: Partitions
  readonly applications: Applications
  readonly names: Names
}

const casts: WeakMap<WorldSpec, Cast> = new WeakMap()

/** A campaign judges thousands of runs of one spec: they share what follows from it alone. */
export function castOf(spec: WorldSpec): Cast {
  const known = casts.get(spec)
  if (known !== undefined) return known
  const partitions = new Partitions(spec)
  const applications = new Applications(spec, partitions)
  const cast = { partitions, applications, names: new Names(spec, applications) }
  casts.set(spec, cast)
  return cast
}
