import type { Target } from '../../../sim/faults/plan.ts'
import type { Place } from '../place.ts'
import { indexComment } from '../source/yaml-errors.ts'
import { didYouMean } from '../suggest.ts'
import type { Context } from './context.ts'
import { checkGroup } from './moments.ts'
import { nodeExists, nodeHelp, splitInstance } from './nodes.ts'
import { ROLES, type Role } from './names.ts'
import { partitionNamed } from './partitions.ts'
import { isStateful } from './stateful.ts'

const FUNCTIONS = [
  'leader',
  'follower',
  'followers',
  'controller',
  'group-coordinator',
  'transaction-coordinator',
  'minority',
  'majority',
  'any',
] as const
type TargetFunction = (typeof FUNCTIONS)[number]

export interface TargetRules {
  /** `rest` means something in a partition only. */
  readonly rest?: boolean
}

/** Whom a fault hits. Null when that cannot be told, which is reported. */
export function resolveTarget(place: Place, context: Context, rules: TargetRules = {}): Target | null {
  if (place.broken) return null
  const tree = place.tree
  if (tree?.kind === 'map') return anyOf(place, context)
  if (tree?.kind === 'list') {
    place.error(
      'TWICESHY_TARGET',
      'a target is one name, not a list',
      'write `{ any: [a, b] }` for one of several, or one fault for each',
    )
    return null
  }
  const text = place.text()
  if (tree?.kind !== 'scalar' || text === null) {
    place.error('TWICESHY_TARGET', 'the target is missing', 'such as `broker-2`, `leader(orders-0)` or `checkout#0`')
    return null
  }
  if (tree.indexComment !== null && tree.span !== null) {
    const span = { ...tree.span, end: tree.span.end + tree.indexComment.length + 2 }
    const trap = indexComment(text, tree.indexComment, span)
    place.error('TWICESHY_YAML_TRAP', trap.message, trap.help)
    return null
  }
  return parseTarget(place, text.trim(), context, rules)
}

function anyOf(place: Place, context: Context): Target | null {
  const list = place.get('any')
  if (!list.written || place.entries().length !== 1) {
    place.error('TWICESHY_TARGET', 'a target is a name, or `{ any: [...] }`', null)
    return null
  }
  if (!list.expectList('`any`')) return null
  const targets = list.items().map((item) => resolveTarget(item, context))
  if (targets.length === 0) list.error('TWICESHY_TARGET', '`any` has nobody to choose from', null)
  const of = targets.filter((target) => target !== null)
  return of.length === targets.length && of.length > 0 ? { kind: 'any', of } : null
}

function parseTarget(place: Place, text: string, context: Context, rules: TargetRules): Target | null {
  const call = /^([a-z-]+)\(([^()]*)\)$/.exec(text)
  if (call !== null) return parseCall(place, call[1] ?? '', (call[2] ?? '').trim(), context)
  if (/[(),]/.test(text)) {
    const help = 'such as `leader(orders-0)`; one of several is `{ any: [a, b] }`'
    place.error('TWICESHY_TARGET', `${place.describe()} is no target`, help)
    return null
  }
  if ((ROLES as readonly string[]).includes(text)) return roleTarget(place, text as Role, context, rules)
  if (nodeExists(text, context)) return { kind: 'node', name: text }
  const application = context.applications.get(text)
  if (application !== undefined) return { kind: 'application', name: text }
  unknown(place, text, context)
  return null
}

function controllersHelp(controllers: number): string {
  return controllers === 1
    ? 'there is one controller, `controller-1`'
    : `there are ${controllers} controllers, \`controller-1\` to \`controller-${controllers}\``
}

function unknown(place: Place, text: string, context: Context): void {
  const { name } = splitInstance(text) ?? { name: '' }
  const known = context.applications.has(name) || context.stores.has(name) ? nodeHelp(text, context) : null
  const nodes = [
    ...context.applications.keys(),
    ...context.stores.keys(),
    ...ROLES,
    ...Array.from({ length: context.cluster.brokers }, (_, i) => `broker-${i + 1}`),
  ]
  const controller = /^controller-\d+$/.test(text) ? controllersHelp(context.cluster.controllers) : null
  const broker = /^broker-\d+$/.test(text)
    ? `the cluster has \`broker-1\` to \`broker-${context.cluster.brokers}\``
    : null
  const topic = context.topics.has(text) ? `\`${text}\` is a topic; its leader is \`leader(${text}-0)\`` : null
  const help =
    known ?? controller ?? broker ?? topic ?? (place.report.full ? null : didYouMean(text, [...nodes, 'controller-1']))
  place.error('TWICESHY_UNKNOWN_NODE', `nobody is called ${place.describe()}`, help)
}

function roleTarget(place: Place, role: Role, context: Context, rules: TargetRules): Target | null {
  if (role === 'rest' && rules.rest !== true) {
    place.error('TWICESHY_TARGET', '`rest` stands in a `partition` only', 'it means every node in no other group')
    return null
  }
  if (role === 'stores' && context.stores.size === 0) {
    place.error('TWICESHY_UNKNOWN_NODE', 'there are no stores')
    return null
  }
  if (role === 'clients' && context.applications.size === 0) {
    place.error('TWICESHY_UNKNOWN_NODE', 'there are no clients')
    return null
  }
  return { kind: 'role', role }
}

function parseCall(place: Place, name: string, argument: string, context: Context): Target | null {
  const known = FUNCTIONS.find((each) => each === name)
  if (known === undefined) {
    const help = place.report.full ? null : didYouMean(name, FUNCTIONS)
    place.error('TWICESHY_TARGET', `${place.describe()} is no target`, help)
    return null
  }
  return callTarget(place, known, argument, context)
}

function callTarget(place: Place, name: TargetFunction, argument: string, context: Context): Target | null {
  switch (name) {
    case 'leader':
    case 'follower':
    case 'followers':
      return partitionTarget(place, name, argument, context)
    case 'controller':
      if (argument === 'active') return { kind: 'active-controller' }
      place.error(
        'TWICESHY_TARGET',
        `${place.describe()} is no target`,
        'the active one is `controller(active)`, a certain one `controller-1`',
      )
      return null
    case 'group-coordinator':
      return coordinatorTarget(place, argument, context)
    case 'transaction-coordinator':
      return transactionTarget(place, argument, context)
    case 'minority':
    case 'majority':
      return halfTarget(place, name, argument, context)
    case 'any':
      return anyCall(place, argument, context)
  }
}

/** `group-coordinator(billing)`: the broker that keeps the offsets of a group that some application is in. */
function coordinatorTarget(place: Place, group: string, context: Context): Target | null {
  if (checkGroup(place, group, context)) return { kind: 'group-coordinator', group }
  return null
}

/** `transaction-coordinator(checkout-tx)`: the broker that keeps the transactions of an id that some instance has. */
function transactionTarget(place: Place, transactionalId: string, context: Context): Target | null {
  if (context.transactionalIds.has(transactionalId)) return { kind: 'transaction-coordinator', transactionalId }
  const known = [...context.transactionalIds]
  const help = known.length === 0 ? 'no application has a `transactional.id`' : didYouMean(transactionalId, known)
  const message = `there is no transactional id \`${transactionalId}\``
  place.error('TWICESHY_UNKNOWN_TRANSACTIONAL_ID', message, place.report.full ? null : help)
  return null
}

function anyCall(place: Place, argument: string, context: Context): Target | null {
  if (argument.includes(',') || argument === '') {
    place.error('TWICESHY_TARGET', '`any(...)` takes one name', `write \`{ any: [${argument || 'a, b'}] }\``)
    return null
  }
  const inner = parseTarget(place, argument, context, {})
  return inner === null ? null : { kind: 'any', of: [inner] }
}

function halfTarget(place: Place, kind: 'minority' | 'majority', argument: string, context: Context): Target | null {
  if (argument !== 'brokers' && argument !== 'controllers') {
    place.error('TWICESHY_TARGET', `\`${kind}\` is of \`brokers\` or \`controllers\`, not \`${argument}\``)
    return null
  }
  const size = argument === 'brokers' ? context.cluster.brokers : context.cluster.controllers
  if (kind === 'minority' && size < 3) {
    place.error('TWICESHY_TARGET', `of ${size} ${argument} there is no minority`, 'it takes at least 3')
    return null
  }
  return { kind, of: argument }
}

/** `leader(orders-0)` */
function partitionTarget(
  place: Place,
  kind: 'leader' | 'follower' | 'followers',
  argument: string,
  context: Context,
): Target | null {
  const written = (partition: string): string => `${kind}(${partition})`
  const name = partitionNamed(place, argument, `\`${kind}(...)\``, written, context)
  return name === null ? null : { kind, ...name }
}

/** Whether the target can only be applications: they send no replies and have no disk. */
export function onlyClients(target: Target): boolean {
  switch (target.kind) {
    case 'application':
      return true
    case 'node':
      return target.name.includes('#')
    case 'role':
      return target.role === 'clients'
    case 'any':
      return target.of.every((each) => onlyClients(each))
    case 'leader':
    case 'follower':
    case 'followers':
    case 'active-controller':
    case 'minority':
    case 'majority':
    case 'group-coordinator':
    case 'transaction-coordinator':
      return false
  }
}

/** Whether the target can only be applications of Kafka Streams with local stores. */
export function onlyStateful(target: Target, context: Context): boolean {
  if (target.kind === 'any') return target.of.every((each) => onlyStateful(each, context))
  if (target.kind !== 'application' && target.kind !== 'node') return false
  const facts = context.applications.get(target.name.split('#')[0] ?? '')
  return facts !== undefined && isStateful(facts)
}

/** Whether the target can only be applications and stores: they have no disk to lose, and may fail in a perfect cluster. */
export function onlyOutside(target: Target, context: Context): boolean {
  if (target.kind === 'any') return target.of.every((each) => onlyOutside(each, context))
  if (target.kind === 'node' && context.stores.has(target.name)) return true
  return (target.kind === 'role' && target.role === 'stores') || onlyClients(target)
}
