import type { GuaranteeDefinition, ReaderKind, Stage } from '../vocabulary.ts'
import { type ApplicationFacts, type Context, publishes, reads, type StoreFacts } from './context.ts'
import { isExactlyOnceSource } from './facts.ts'
import { commitsInTwoPhases } from './two-phase.ts'
import { isStateful } from './stateful.ts'
import { transactionStep } from './transaction-steps.ts'

/** Of which applications a guarantee is judged. */
export interface Judged {
  /** What they are called in messages. */
  readonly what: string
  /** Said when the scenario has none of them; null = it says nothing of its own. */
  readonly needs: string | null
  readonly includes: (facts: ApplicationFacts, context: Context) => boolean
  /** Why another application is none of them. */
  readonly why: (facts: ApplicationFacts) => string
}

const PUBLISHERS: Judged = {
  what: 'producer',
  needs: null,
  includes: publishes,
  why: ({ name }) => `\`${name}\` publishes nothing`,
}

const OF_READERS: Readonly<Record<ReaderKind, Judged>> = {
  reader: {
    what: 'application that reads',
    needs: 'no application reads',
    includes: reads,
    why: ({ name }) => `\`${name}\` reads nothing`,
  },
  ordered: {
    what: 'application that is promised an order',
    needs: 'no application reads, or only share groups do, which promise no order',
    includes: (facts) => reads(facts) && !shares(facts),
    why: (facts) => (shares(facts) ? whyShared(facts, 'order') : `\`${facts.name}\` reads nothing`),
  },
  member: {
    what: 'application in a group',
    needs: 'no application is in a group with positions',
    includes: (facts) => facts.group !== '' && !shares(facts),
    why: (facts) => (shares(facts) ? whyShared(facts, 'positions') : `\`${facts.name}\` is in no group`),
  },
  'committed-reader': {
    what: 'application that reads committed records only',
    needs: 'no application reads with `isolation.level: read_committed`',
    includes: readsCommitted,
    why: ({ name }) => `\`${name}\` does not read with \`isolation.level: read_committed\``,
  },
  transactional: {
    what: 'application with transactions',
    needs: 'no application has transactions',
    includes: isTransactional,
    why: ({ name }) => `\`${name}\` has no transactions`,
  },
  fenced: {
    what: 'application that can be fenced',
    needs: 'no application is in a group or has a `transactional.id`',
    includes: (facts) => facts.group !== '' || isTransactional(facts),
    why: ({ name }) => `\`${name}\` is in no group and has no transactions`,
  },
  storing: {
    what: 'application whose store shows something',
    needs: 'no sink writes into a database or files, no producer `writes` its records, and nobody counts',
    includes: (facts, { stores }) => {
      const { kind, place } = facts
      if (kind === 'sink') return shows(stores.get(place.get('into').text() ?? ''))
      return isStateful(facts) || (kind === 'producer' && place.has('writes'))
    },
    why: ({ name }) => `\`${name}\` writes into no database and no files, and does not count`,
  },
  subscriber: {
    what: 'application whose group hands out partitions',
    needs: 'no application has its partitions from a group',
    includes: (facts) => reads(facts) && facts.subscribes && !shares(facts),
    why: (facts) => (shares(facts) ? whyShared(facts, 'owners') : `\`${facts.name}\` has no partitions from a group`),
  },
}

/**
 * Of whom a guarantee about applications is judged: producers and processors at `publish`, who reads at `consume`. End to end
 * it is who reads too, and producers that nobody reads from: a pipeline that nobody consumes ends at the committed log.
 */
export function judgedOf(definition: GuaranteeDefinition, stage: Stage | null, context: Context): Judged {
  if (definition.of !== undefined) return OF_READERS[definition.of]
  if (stage === 'consume') return OF_READERS.reader
  const readers = [...context.applications.values()].filter(reads)
  if (definition.subject === 'producer' || stage === 'publish' || readers.length === 0) return PUBLISHERS
  const read = new Set(readers.flatMap(({ from }) => from))
  return {
    what: 'application',
    needs: null,
    includes: (facts) => reads(facts) || !facts.to.some((topic) => read.has(topic)),
    why: ({ name }) => `what \`${name}\` publishes is read on, and end to end is for those who read it`,
  }
}

/** Whether there is something to look at: an endpoint shows nothing. */
function shows(store: StoreFacts | undefined): boolean {
  return store !== undefined && store.place.get('kind').text() !== 'endpoint'
}

/** Whether it is in a share group. */
function shares({ place }: Pick<ApplicationFacts, 'place'>): boolean {
  return place.get('share').text() === 'true'
}

function whyShared({ name }: ApplicationFacts, what: string): string {
  return `\`${name}\` is in a share group, which has no ${what}`
}

function readsCommitted({ place }: ApplicationFacts): boolean {
  const key = shares({ place }) ? 'share.isolation.level' : 'isolation.level'
  return place.get('config').get(key).text() === 'read_committed' || isExactlyOnceStream(place)
}

/** By a written id, or by what is given one. */
export function isTransactional({ kind, place }: ApplicationFacts): boolean {
  if (kind === 'source') return isExactlyOnceSource(place)
  if (place.get('config').has('transactional.id') || place.has('transactions')) return true
  if (isExactlyOnceStream(place)) return true
  if (kind === 'processor' && commitsInTwoPhases(place)) return true
  return place.get('commit').text() === 'in-transaction' || transactionStep(place.get('steps')) !== null
}

function isExactlyOnceStream(place: ApplicationFacts['place']): boolean {
  const guarantee = place.get('config').get('processing.guarantee').text()
  return place.get('streams').text() === 'true' && guarantee === 'exactly_once_v2'
}
