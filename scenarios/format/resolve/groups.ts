import type { Target } from '../../../sim/faults/plan.ts'
import type { Place } from '../place.ts'
import { nodeNames } from './cluster.ts'
import type { Context } from './context.ts'
import { resolveTarget } from './target.ts'

const HELP = 'write groups that cannot reach each other: `partition: [ [broker-1], [rest] ]`'

/** The groups of a `partition`. Null when they are not understood, which is reported. */
export function resolveGroups(place: Place, context: Context): readonly (readonly Target[])[] | null {
  if (place.tree?.kind !== 'list') {
    place.wrongType('`partition` must be a list of groups', HELP)
    return null
  }
  const places = place.items().map((group) => group.oneOrMore())
  if (places.length < 2) {
    place.error('TWICESHY_FAULT', 'a `partition` needs two groups at least: nodes in no group see everybody', HELP)
    return null
  }
  const groups = places.map((members) => members.map((member) => resolveTarget(member, context, { rest: true })))
  places.forEach((members, index) => {
    const group = place.items()[index]
    if (members.length === 0 && group?.broken === false) group.error('TWICESHY_FAULT', 'this group is empty', HELP)
  })
  checkOverlap(places, groups, context)
  const complete = groups.map((group) => group.filter((target) => target !== null))
  return complete.every((group, index) => group.length === groups[index]?.length) ? complete : null
}

/** Nobody can be in two groups; drawn and symbolic targets are left to the run. */
function checkOverlap(
  places: readonly (readonly Place[])[],
  groups: readonly (readonly (Target | null)[])[],
  context: Context,
): void {
  if (places[0]?.[0]?.report.full === true) return
  const owner = new Map<string, { readonly group: number; readonly place: Place }>()
  let rest: Place | null = null
  groups.forEach((group, index) =>
    group.forEach((target, at) => {
      const place = places[index]?.[at]
      if (target === null || place === undefined) return
      if (target.kind === 'role' && target.role === 'rest') {
        if (rest !== null)
          place.error(
            'TWICESHY_FAULT',
            '`rest` stands in two places of one partition',
            'it can be one group only',
            rest,
          )
        rest = place
      }
      for (const node of membersOf(target, context)) {
        const first = owner.get(node)
        if (first === undefined) owner.set(node, { group: index, place })
        else if (first.group !== index) {
          place.error(
            'TWICESHY_FAULT',
            `\`${node}\` is in two groups of one partition`,
            'remove it from one of them',
            first.place,
          )
          return
        }
      }
    }),
  )
}

/** The nodes that a target means for certain. */
function membersOf(target: Target, context: Context): readonly string[] {
  const { cluster, applications, stores } = context
  const instances = (name: string): readonly string[] =>
    Array.from({ length: applications.get(name)?.instances ?? 0 }, (_, i) => `${name}#${i}`)
  switch (target.kind) {
    case 'node':
      return [target.name]
    case 'application':
      return instances(target.name)
    case 'active-controller':
      return cluster.controllers === 1 ? ['controller-1'] : []
    case 'role':
      if (target.role === 'brokers') return nodeNames(cluster.brokers, 0)
      if (target.role === 'controllers') return nodeNames(0, cluster.controllers)
      if (target.role === 'stores') return [...stores.keys()]
      return target.role === 'clients' ? [...applications.keys()].flatMap(instances) : []
    case 'leader':
    case 'follower':
    case 'followers':
    case 'minority':
    case 'majority':
    case 'any':
    case 'group-coordinator':
    case 'transaction-coordinator':
      return []
  }
}
