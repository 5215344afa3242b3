import type { Place } from '../place.ts'
import type { Expectation } from '../scenario.ts'
import { didYouMean, listOf } from '../suggest.ts'
import { type Anomaly, type GuaranteeDefinition, GUARANTEES, type Stage, STAGES } from '../vocabulary.ts'
import type { Context } from './context.ts'

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
  if (stage === undefined || !checkSubject(entry, subject, definition, context)) return null
  const value = valueAt(entry, definition, stage)
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
  if (stage === 'consume') {
    entry.notSimulated('consumption (the stage `consume`)', 'write `publish/...`, or leave the stage out')
    return undefined
  }
  return stage
}

/** While nobody consumes, a pipeline ends at the committed log: the subjects of every stage are producers. */
function checkSubject(
  entry: Place,
  subject: string | null,
  definition: GuaranteeDefinition,
  context: Context,
): boolean {
  if (subject === null) return true
  const producers = definition.subject === 'producer' || definition.subject === 'application'
  const known = producers ? context.applications : definition.subject === 'topic' ? context.topics : null
  if (known === null) {
    entry.keyErrorOrValue(
      'TWICESHY_EXPECTATION',
      `\`${definition.name}\` has no subject`,
      `write \`${definition.name}\` alone`,
    )
    return false
  }
  if (known.has(subject)) return true
  if (context.refusedNames.has(subject)) return false
  const what = producers ? 'producer' : 'topic'
  const help = entry.report.full ? null : didYouMean(subject, known.keys())
  entry.keyErrorOrValue(
    'TWICESHY_EXPECTATION',
    `there is no ${what} \`${subject}\`, so \`${entry.name}\` cannot be judged`,
    help,
  )
  return false
}

function valueAt(
  entry: Place,
  definition: GuaranteeDefinition,
  stage: Stage | null,
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
  const kinds = places.flatMap((place) => kindAt(place, definition, stage) ?? [])
  if (places.length === 0)
    violated.error('TWICESHY_EXPECTATION', 'the list of kinds is empty', 'write `violated` for any kind')
  return kinds.length === places.length && kinds.length > 0
    ? { expected: 'violated', kinds: [...new Set(kinds)] }
    : null
}

const LATER: readonly Anomaly[] = ['stuck-transaction', 'stuck-group']

function kindAt(place: Place, definition: GuaranteeDefinition, stage: Stage | null): Anomaly | null {
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
  if (!kind.endsWith('-effect') && !kind.endsWith('-effects') && !LATER.includes(kind)) return kind
  place.error('TWICESHY_NOT_SIMULATED', `what \`${kind}\` is about is not simulated yet`)
  return null
}
