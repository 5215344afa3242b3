import type { Action, FailStep, Target, Trigger } from '../../../sim/faults/plan.ts'
import type { Place } from '../place.ts'
import { type ApplicationFacts, type Context, reads } from './context.ts'
import { isExactlyOnceSource } from './facts.ts'
import { commitsInTwoPhases } from './two-phase.ts'
import { splitInstance } from './nodes.ts'
import { resolveTarget } from './target.ts'

export const FAIL_STEPS: readonly FailStep[] = ['before-output', 'after-output', 'before-commit', 'after-commit']
const HELP = 'write `fail: { target: checkout#0, step: before-output, nth: 3 }`'

/** A `fail`: when it happens, and the crash that it is. */
export interface Fail {
  readonly trigger: Trigger
  readonly action: Action
}

/** `fail:` of a fault: an application dies between two of its own steps. Null when it is not understood, which is reported. */
export function resolveFail(place: Place, context: Context): Fail | null {
  if (!place.written) {
    place.error('TWICESHY_MISSING', '`fail` has no value', HELP)
    return null
  }
  if (place.tree?.kind !== 'map') {
    place.wrongType('`fail` must be a map of keys', HELP)
    return null
  }
  const target = targetAt(place, context)
  const step = stepAt(place, target, context)
  const nth = place.get('nth').integer('`nth`', 1, 1_000_000_000, 1)
  if (target === null || step === null) return null
  checkCount(place, nth, target, context)
  return { trigger: { kind: 'fail', step, nth }, action: { kind: 'crash', target } }
}

/** An application or one of its instances: nobody else has such steps. */
function targetAt(place: Place, context: Context): Target | null {
  const at = place.get('target')
  if (!at.written) {
    if (!at.broken) place.error('TWICESHY_MISSING', '`fail` does not say who dies: `target` is missing', HELP)
    return null
  }
  const target = resolveTarget(at, context)
  if (target === null || target.kind === 'application') return target
  if (target.kind === 'node' && target.name.includes('#')) return target
  const [first = 'checkout'] = context.applications.keys()
  const message = `${at.describe()} has no steps: \`fail\` is about an application or one of its instances`
  at.error('TWICESHY_TARGET', message, `such as \`${first}\` or \`${first}#0\`; others die by \`crash\``)
  return null
}

function stepAt(place: Place, target: Target | null, context: Context): FailStep | null {
  const at = place.get('step')
  if (!at.written && !at.broken) {
    place.error('TWICESHY_MISSING', '`fail` does not say at which step: `step` is missing', HELP)
    return null
  }
  const step = at.word(FAIL_STEPS, '`step`')
  if (step === 'before-output' || step === 'after-output' || step === null) return step
  if (target === null) return null
  const application = applicationOf(target, context)
  if (application !== undefined && reads(application)) {
    checkCommits(at, step, application)
    return step
  }
  if (application?.kind === 'source' && !isExactlyOnceSource(application.place)) {
    const message = `this can never happen: the worker flushes the offsets of \`${application.name}\`, so it has no step \`${step}\``
    const help =
      'wait for the moment: `when: { moment: source.flushed }`, or for one before it, such as `produce.acked`'
    at.error('TWICESHY_NEVER_FIRES', message, help)
    return null
  }
  if (application !== undefined && commitsTransactions(application)) return step
  if (application !== undefined) {
    const message = `this can never happen: \`${application.name}\` has no transactions, so no step \`${step}\``
    const help =
      'it dies `before-output`, just before it sends a record, or `after-output`, just after its acknowledgement'
    at.error('TWICESHY_NEVER_FIRES', message, help)
  }
  return null
}

/** Producers commit at the ends of transactions only. */
function commitsTransactions({ kind, place }: ApplicationFacts): boolean {
  return (
    kind === 'source' ||
    place.has('transactions') ||
    place
      .get('steps')
      .items()
      .some((step) => step.text() === 'commit' || step.has('commit'))
  )
}

/** What the client commits by itself is no step of the application. */
function checkCommits(at: Place, step: FailStep, { name, place }: ApplicationFacts): void {
  const script = place.get('steps')
  const commit = commitsInTwoPhases(place) ? 'two-phase' : (place.get('commit').text() ?? 'auto')
  const commits = script.written
    ? script.items().some((each) => each.text() === 'commit' || each.has('commit'))
    : commit !== 'auto'
  if (commits) return
  const message = `this can never happen: \`${name}\` has no step \`${step}\`, for ${script.written ? 'its script does not commit' : 'its client commits by itself'}`
  const help = script.written ? 'add `- commit`' : 'write `commit:`, such as `after-processing` or `after-output`'
  at.error('TWICESHY_NEVER_FIRES', message, help)
}

/** A producer that gives records up sends each of its records once. */
function checkCount(place: Place, nth: number, target: Target, context: Context): void {
  const application = applicationOf(target, context)
  if (application === undefined) return
  if (typeof application.records === 'string') return
  const records = typeof application.records === 'number' ? application.records : application.records.size
  if (nth <= records || application.place.get('on-unknown').text() === 'resend') return
  const at = place.has('nth') ? place.get('nth') : place
  const message = `this can never happen: an instance of \`${application.name}\` sends ${records} records`
  at.error('TWICESHY_NEVER_FIRES', message, 'write a smaller `nth`, or let it send more')
}

function applicationOf(target: Target, context: Context): ReturnType<Context['applications']['get']> {
  if (target.kind === 'application') return context.applications.get(target.name)
  return target.kind === 'node' ? context.applications.get(splitInstance(target.name)?.name ?? '') : undefined
}
