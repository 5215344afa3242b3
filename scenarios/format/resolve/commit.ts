import type { CommitEvery } from '../../../sim/application/applications.ts'
import type { Place } from '../place.ts'
import { didYouMean, listOf } from '../suggest.ts'
import type { ConsumerRules } from './consumer-rules.ts'

/** When an application of some kind may save its positions. */
export interface CommitWords<T extends string> {
  readonly words: readonly T[]
  /** Words of the format that are not simulated yet. */
  readonly later: readonly string[]
  /** What is said about words that belong to other kinds. */
  readonly hints: Readonly<Record<string, string>>
}

const AUTO = 'enable.auto.commit'

/**
 * `commit:` after its default, and what it does to `enable.auto.commit`: other than `auto` turns it off unless the config
 * says otherwise. Everything that can never save a position is reported.
 */
export function resolveCommit<T extends string>(app: Place, words: CommitWords<T>, rules: ConsumerRules): T | 'auto' {
  const place = app.get('commit')
  const mode = wordAt(place, words)
  if (mode === null) {
    if (!place.written) checkDefault(app, words.words, rules)
    return 'auto'
  }
  if (mode === 'auto') {
    checkAuto(place, rules)
    return 'auto'
  }
  if (app.get('steps').written) {
    const help = 'leave `commit` out: a script says itself when it commits, by `- commit`'
    place.error(
      'TWICESHY_IMPOSSIBLE',
      `\`${app.name}\` has \`steps\` and \`commit\` at once`,
      help,
      app.get('steps').atKey(),
    )
    return mode
  }
  if (rules.group === '' && mode !== 'with-output') {
    const help = 'write a `group.id`, or leave `commit` out: then nothing is saved'
    if (!app.get('assign').written) return mode
    place.error('TWICESHY_IMPOSSIBLE', `\`${app.name}\` is in no group, so it has nowhere to commit to`, help)
  }
  const auto = rules.written(AUTO)
  if (auto === undefined) rules.values[AUTO] = false
  else if (rules.values[AUTO] === true) {
    const message = `\`${app.name}\` commits ${mode} and automatically too`
    const help = `both happen; leave \`${AUTO}\` out to commit ${mode} only`
    auto.warning('TWICESHY_CONFIG_SURPRISE', message, help, place)
  }
  return mode
}

function wordAt<T extends string>(place: Place, { words, later, hints }: CommitWords<T>): T | 'auto' | null {
  if (!place.written || place.broken) return null
  const [key] = place.entries()
  const text = place.tree?.kind === 'map' ? (key?.name ?? '') : place.text()
  const found = words.find((word) => word === text)
  if (found !== undefined || text === 'auto') return found ?? 'auto'
  if (text !== null && later.includes(text)) {
    place.error('TWICESHY_NOT_SIMULATED', `\`commit: ${text}\` is not simulated yet`)
    return null
  }
  const all = ['auto', ...words]
  const help = (text !== null && Object.hasOwn(hints, text) ? hints[text] : undefined) ?? didYouMean(text ?? '', all)
  place.error('TWICESHY_VALUE', `\`commit\` must be ${listOf(all, 'or')}, not ${place.describe()}`, help)
  return null
}

/** `enable.auto.commit: false` alone would mean that nothing is ever committed. */
function checkDefault(app: Place, words: readonly string[], rules: ConsumerRules): void {
  const auto = rules.written(AUTO)
  if (auto === undefined || rules.values[AUTO] !== false || rules.group === '' || app.get('steps').written) return
  const message = `\`${app.name}\` would never commit: \`${AUTO}\` is false, and \`commit\` does not say when`
  const after = words.find((word) => word.startsWith('after-')) ?? 'auto'
  auto.error('TWICESHY_MISSING', message, `add \`commit: ${after}\``)
}

function checkAuto(place: Place, rules: ConsumerRules): void {
  const auto = rules.written(AUTO)
  if (auto === undefined || rules.values[AUTO] !== false || rules.group === '') return
  place.error('TWICESHY_IMPOSSIBLE', `\`commit: auto\` needs \`${AUTO}: true\``, 'change one of the two', auto)
}

/** `commit-every:` after its default. */
export function commitEveryAt(place: Place): CommitEvery {
  if (!place.written || place.broken) return 'poll'
  const text = place.text()
  if (text === 'poll' || text === 'record') return text
  const tree = place.tree
  if (tree?.kind === 'scalar' && typeof tree.value === 'number') {
    return place.integer('`commit-every`', 1, 1_000_000_000, 'poll' as const)
  }
  const help = text === null || place.report.full ? null : didYouMean(text, ['poll', 'record'])
  place.error(
    'TWICESHY_VALUE',
    `\`commit-every\` must be \`poll\`, \`record\` or a number of records, not ${place.describe()}`,
    help,
  )
  return 'poll'
}
