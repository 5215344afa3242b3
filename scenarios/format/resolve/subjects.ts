import type { GuaranteeDefinition, ReaderKind, Stage } from '../vocabulary.ts'
import { type ApplicationFacts, type Context, publishes, reads } from './context.ts'

/** Of which applications a guarantee is judged. */
export interface Judged {
  /** What they are called in messages. */
  readonly what: string
  /** Said when the scenario has none of them; null = it says nothing of its own. */
  readonly needs: string | null
  readonly includes: (facts: ApplicationFacts) => boolean
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
  member: {
    what: 'application in a group',
    needs: 'no application is in a group',
    includes: (facts) => facts.group !== '',
    why: ({ name }) => `\`${name}\` is in no group`,
  },
  subscriber: {
    what: 'application whose group hands out partitions',
    needs: 'no application has its partitions from a group',
    includes: (facts) => reads(facts) && facts.subscribes,
    why: ({ name }) => `\`${name}\` has no partitions from a group`,
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
