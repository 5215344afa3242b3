import type { Place } from '../place.ts'
import type { ApplicationFacts, ApplicationKind, StoreFacts } from './context.ts'
import { splitPartition } from './partitions.ts'
import { scriptIds } from './steps.ts'

const MOST_INSTANCES = 1000
const MOST_RECORDS = 10_000_000

/** Sections of applications, and what stands in each. */
const SECTIONS: readonly (readonly [section: string, kind: ApplicationKind])[] = [
  ['producers', 'producer'],
  ['sources', 'source'],
  ['consumers', 'consumer'],
  ['processors', 'processor'],
  ['sinks', 'sink'],
]

/** What other parts need to know of the applications, before those are resolved; in the order of their nodes. */
export function applicationFacts(root: Place): ReadonlyMap<string, ApplicationFacts> {
  const facts = new Map<string, ApplicationFacts>()
  for (const [name, kind] of SECTIONS) {
    const section = root.get(name)
    if (!section.expectMap(`\`${name}\``)) continue
    for (const place of section.entries()) {
      // A name that is used twice is reported; the first keeps it.
      if (!facts.has(place.name)) facts.set(place.name, factsOf(place, kind))
    }
  }
  return facts
}

function factsOf(place: Place, kind: ApplicationKind): ApplicationFacts {
  const assign = place.get('assign')
  const assigned = assign.items().flatMap((item) => splitPartition(item.text() ?? '')?.topic ?? [])
  const sent = place
    .get('steps')
    .items()
    .flatMap((step) => step.get('send').get('to').text() ?? [])
  const from = [...namesAt(place.get('from')), ...assigned]
  const reads = kind !== 'producer' && kind !== 'source'
  return {
    name: place.name,
    kind,
    instances: place.get('instances').integer('`instances`', 1, MOST_INSTANCES, 1),
    records: recordsOf(place, kind),
    from: reads ? [...new Set(from)] : [],
    to: [...new Set([...namesAt(place.get('to')), ...sent])],
    group: reads ? (groupPlace(place).text()?.trim() ?? '') : '',
    subscribes: reads && !assign.written,
    place,
  }
}

/** Where the group of an application that reads stands; for Kafka Streams it is the application's id. */
export function groupPlace(application: Place): Place {
  const isStreams = application.get('streams').text() === 'true'
  return application.get('config').get(isStreams ? 'application.id' : 'group.id')
}

function namesAt(place: Place): readonly string[] {
  return place.oneOrMore().flatMap((item) => item.text() ?? [])
}

function recordsOf(place: Place, kind: ApplicationKind): ApplicationFacts['records'] {
  // How many rows a source finds depends on who inserts some.
  if (kind !== 'producer') return kind === 'processor' || kind === 'source' ? 'derived' : 'none'
  const steps = place.get('steps')
  if (steps.written) return scriptIds(steps)
  return place.get('send').get('records').integer('`records`', 0, MOST_RECORDS, 100)
}

/** The stores that a scenario declares. */
export function storeFacts(root: Place): ReadonlyMap<string, StoreFacts> {
  const section = root.get('stores')
  if (!section.expectMap('`stores`')) return new Map()
  return new Map(section.entries().map((place) => [place.name, { name: place.name, place }]))
}

/** The transactional ids of all instances; those with something random in them nobody can name. */
export function transactionalIdsOf(applications: ReadonlyMap<string, ApplicationFacts>): ReadonlySet<string> {
  const ids = new Set<string>()
  for (const { name, kind, instances, place } of applications.values()) {
    if (kind === 'source' && isExactlyOnceSource(place)) ids.add(sourceTransactionalId(name))
    if (kind !== 'producer' && kind !== 'processor') continue
    const id = place.get('config').get('transactional.id').text()?.trim() ?? ''
    if (id === '' || id.includes('${random}') || id.includes('${incarnation}')) continue
    for (let instance = 0; instance < instances; instance++) ids.add(id.replaceAll('${instance}', String(instance)))
  }
  return ids
}

/** Whether Kafka Connect publishes in transactions what a source reads (KIP-618). */
export function isExactlyOnceSource(source: Place): boolean {
  return source.get('config').get('exactly.once.source.support').text() === 'enabled'
}

/** `Worker.taskTransactionalId`: the worker's group, its connector, its task. */
export function sourceTransactionalId(name: string): string {
  return `connect-cluster-${name}-0`
}

/** Where each group stands first. */
export function groupsOf(applications: ReadonlyMap<string, ApplicationFacts>): ReadonlyMap<string, Place> {
  const groups = new Map<string, Place>()
  for (const { group, place } of applications.values()) {
    if (group !== '' && !groups.has(group)) groups.set(group, groupPlace(place))
  }
  return groups
}
