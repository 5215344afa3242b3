import type { Place } from '../place.ts'
import type { Expectation } from '../scenario.ts'
import { didYouMean, listOf } from '../suggest.ts'
import { type Anomaly, type GuaranteeDefinition, GUARANTEES, type Stage, STAGES } from '../vocabulary.ts'
import { type Context, reads } from './context.ts'
import { commitsInTwoPhases } from './two-phase.ts'
import { isTransactional, judgedOf } from './subjects.ts'

/** `expect:` with every key taken apart. Those with mistakes are left out. */
export function resolveExpect(place: Place, context: Context): readonly Expectation[] {
  if (!place.expectMap('`expect`')) return []
  const seen = new Map<string, Place>()
  return place.entries().flatMap((entry) => {
    if (!entry.written || entry.broken) return []
    const expectation = resolveOne(entry, context)
    if (expectation === null) return []
    const { subject, stage, guarantee } = expectation
    const identity = `${subject ?? ''}:${stage ?? ''}/${guarantee}`
    const first = seen.get(identity)
    if (first === undefined) seen.set(identity, entry)
    else
      entry
        .atKey()
        .error(
          'TWICESHY_EXPECTATION',
          `\`${entry.name}\` says the same as \`${first.name}\``,
          'keep one of the two',
          first.atKey(),
        )
    return [expectation]
  })
}

function resolveOne(entry: Place, context: Context): Expectation | null {
  const match = /^(?:([^:/]*):)?(?:([^:/]*)\/)?([^:/]*)$/.exec(entry.name)
  const definition = guaranteeAt(entry, match?.[3] ?? entry.name)
  if (match === null || definition === null) return null
  const stage = stageAt(entry, match[2] ?? null, definition)
  const subject = match[1]?.trim() ?? null
  if (stage === undefined || !checkSubject(entry, subject, definition, stage, context)) return null
  const value = valueAt(entry, definition, stage, context)
  if (value === null) return null
  return { guarantee: definition.name, stage, subject, ...value, span: entry.keySpan }
}

function guaranteeAt(entry: Place, name: string): GuaranteeDefinition | null {
  const definition = GUARANTEES.find((each) => each.name === name)
  if (definition === undefined) {
    const known = GUARANTEES.map((each) => each.name)
    const help = entry.report.full
      ? null
      : (didYouMean(name, known) ?? 'a key is `[subject:][stage/]guarantee`; see `twiceshy list guarantees`')
    entry.keyErrorOrValue('TWICESHY_EXPECTATION', `there is no guarantee \`${name.slice(0, 80)}\``, help)
    return null
  }
  return definition.judged || entry.notSimulated(`judging \`${name}\``) ? definition : null
}

/** The stage; `end-to-end` is the default of a guarantee that has stages. Undefined when it cannot be, which is reported. */
function stageAt(entry: Place, text: string | null, definition: GuaranteeDefinition): Stage | null | undefined {
  if (text === null) return definition.stages.length > 0 ? 'end-to-end' : null
  const stage = STAGES.find((each) => each === text)
  if (stage === undefined) {
    entry.keyErrorOrValue(
      'TWICESHY_EXPECTATION',
      `there is no stage \`${text.slice(0, 80)}\``,
      didYouMean(text, STAGES),
    )
    return undefined
  }
  if (!definition.stages.includes(stage)) {
    const help =
      definition.stages.length === 0
        ? `write \`${definition.name}\` alone`
        : `its stages are ${listOf(definition.stages)}`
    entry.keyErrorOrValue(
      'TWICESHY_EXPECTATION',
      `\`${definition.name}\` is not judged at the stage \`${stage}\``,
      help,
    )
    return undefined
  }
  return stage
}

function checkSubject(
  entry: Place,
  subject: string | null,
  definition: GuaranteeDefinition,
  stage: Stage | null,
  context: Context,
): boolean {
  if (definition.subject === 'topic' || definition.subject === 'none')
    return checkTopicSubject(entry, subject, definition, context)
  const judged = judgedOf(definition, stage, context)
  const applications = [...context.applications.values()]
  if (judged.needs !== null && !applications.some((one) => judged.includes(one, context))) {
    entry.keyErrorOrValue('TWICESHY_EXPECTATION', `${judged.needs}, so \`${entry.name}\` cannot be judged`, null)
    return false
  }
  if (subject === null) return true
  const facts = context.applications.get(subject)
  if (facts !== undefined && judged.includes(facts, context)) return true
  const names = applications.filter((one) => judged.includes(one, context)).map(({ name }) => name)
  const why = facts === undefined ? `there is no ${judged.what} \`${subject}\`` : judged.why(facts)
  const help = entry.report.full
    ? null
    : facts === undefined
      ? didYouMean(subject, names)
      : helpFor(definition, stage, names)
  entry.keyErrorOrValue('TWICESHY_EXPECTATION', `${why}, so \`${entry.name}\` cannot be judged`, help)
  return false
}

function checkTopicSubject(
  entry: Place,
  subject: string | null,
  definition: GuaranteeDefinition,
  context: Context,
): boolean {
  if (subject === null) return true
  if (definition.subject === 'none') {
    const message = `\`${definition.name}\` has no subject`
    entry.keyErrorOrValue('TWICESHY_EXPECTATION', message, `write \`${definition.name}\` alone`)
    return false
  }
  if (context.topics.has(subject)) return true
  const help = entry.report.full ? null : didYouMean(subject, context.topics.keys())
  const message = `there is no topic \`${subject}\`, so \`${entry.name}\` cannot be judged`
  entry.keyErrorOrValue('TWICESHY_EXPECTATION', message, help)
  return false
}

function helpFor({ name }: GuaranteeDefinition, stage: Stage | null, names: readonly string[]): string | null {
  const [first] = names
  const stages = stage === null || stage === 'end-to-end' ? '' : `${stage}/`
  return first === undefined ? null : `write such as \`${first}:${stages}${name}\``
}

function valueAt(
  entry: Place,
  definition: GuaranteeDefinition,
  stage: Stage | null,
  context: Context,
): Pick<Expectation, 'expected' | 'kinds'> | null {
  const text = entry.text()
  if (text === 'holds' || text === 'violated') return { expected: text, kinds: [] }
  const keys = entry.entries()
  const violated = entry.get('violated')
  if (entry.tree?.kind !== 'map' || keys.length !== 1 || !violated.written) {
    const help = 'write `holds`, `violated` or `{ violated: lost-record }`'
    entry.error(
      'TWICESHY_EXPECTATION',
      `\`${entry.name}\` is expected to hold or to be violated, not ${entry.describe()}`,
      help,
    )
    return null
  }
  const places = violated.oneOrMore()
  const kinds = places.flatMap((place) => kindAt(place, definition, stage, context) ?? [])
  if (places.length === 0)
    violated.error('TWICESHY_EXPECTATION', 'the list of kinds is empty', 'write `violated` for any kind')
  return kinds.length === places.length && kinds.length > 0
    ? { expected: 'violated', kinds: [...new Set(kinds)] }
    : null
}

function kindAt(place: Place, definition: GuaranteeDefinition, stage: Stage | null, context: Context): Anomaly | null {
  if (place.broken) return null
  const kind = definition.kinds.find((each) => each === place.text())
  if (kind === undefined) {
    const help = `its kinds are ${listOf(definition.kinds)}`
    const near = place.report.full ? null : didYouMean(place.text() ?? '', definition.kinds)
    place.error(
      'TWICESHY_EXPECTATION',
      `${place.describe()} is no kind of violation of \`${definition.name}\``,
      near ?? help,
    )
    return null
  }
  if (stage === 'publish' && kind.endsWith('-effect')) {
    place.error('TWICESHY_EXPECTATION', `\`${kind}\` cannot happen at the stage \`publish\`: it is about effects`, null)
    return null
  }
  if (stage === 'consume' && kind.endsWith('-record')) {
    const message = `\`${kind}\` cannot happen at the stage \`consume\`: it is about the log`
    place.error('TWICESHY_EXPECTATION', message, null)
    return null
  }
  const ofReaders = kind.endsWith('-effect') || kind.endsWith('-effects') || kind === 'stuck-group'
  if (kind === 'stuck-transaction' && !hasTransactions(context)) {
    place.error('TWICESHY_EXPECTATION', `\`${kind}\` cannot happen: nobody has a \`transactional.id\``, null)
    return null
  }
  if (!ofReaders || [...context.applications.values()].some(reads)) return kind
  place.error('TWICESHY_EXPECTATION', `\`${kind}\` cannot happen: no application reads`, null)
  return null
}

function hasTransactions({ applications }: Context): boolean {
  return [...applications.values()].some((facts) => isTransactional(facts) || commitsInTwoPhases(facts.place))
}
