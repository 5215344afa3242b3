import type { TwoPhase } from '../../../sim/application/applications.ts'
import type { Place } from '../place.ts'
import type { ApplicationFacts } from './context.ts'
import type { StoreKind } from './sink-write.ts'

/** What a commit in two phases has no use for, or no answer to. */
const AGAINST: readonly (readonly [key: string, word: string | null, why: string, help: string])[] = [
  [
    'commit-call',
    'async',
    'the commit of the positions is the decision, which is waited for',
    'leave `commit-call` out',
  ],
  ['fence', 'offset', 'positions are not kept in the store', 'write `fence: generation`, or `commit: with-output`'],
  ['handling', null, 'a decision is about everything that was read before it', 'leave `handling` out'],
  ['deduplicate', null, 'rows are written when it is decided that they are', 'leave `deduplicate` out'],
  ['connect', null, 'the sinks of Kafka Connect flush and commit by rules of their own', 'leave `connect` out'],
]

/** `commit: two-phase`, or `commit: { two-phase: { recover: false } }`. */
export function twoPhaseAt({ place, name }: ApplicationFacts, kind: StoreKind): TwoPhase {
  const commit = place.get('commit')
  if (kind !== 'database') {
    const message = `\`${name}\` commits in two phases, and \`${place.get('into').text()}\` cannot prepare: only a database can`
    commit.error('TWICESHY_IMPOSSIBLE', message, 'write into a store of `kind: database`', place.get('into'))
  }
  for (const [key, word, why, help] of AGAINST) {
    const at = place.get(key)
    const text = at.text()
    if (!at.written || (word !== null && text !== word) || text === 'none' || text === 'in-order' || text === 'false')
      continue
    at.error('TWICESHY_IMPOSSIBLE', `\`${key}\` means nothing with \`commit: two-phase\`: ${why}`, help, commit)
  }
  const settings = commit.get('two-phase')
  return { recover: settings.get('recover').boolean('`recover`', true) }
}

/** Whether transactions of an application may be in doubt in its store. */
export function commitsInTwoPhases(application: Place): boolean {
  const commit = application.get('commit')
  return commit.text() === 'two-phase' || commit.has('two-phase')
}
