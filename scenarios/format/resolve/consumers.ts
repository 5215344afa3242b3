import type { CommitMode } from '../../../sim/application/applications.ts'
import type { ConsumerSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import type { CommitWords } from './commit.ts'
import { resolveConsumerSteps } from './consumer-steps.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { checkHandlerOfConsumer, handlerAt } from './handler.ts'
import { type FileFacts, resolveReader } from './reader.ts'
import { checkNoShare, isShare, resolveShare } from './share-group.ts'

const COMMIT: CommitWords<Exclude<CommitMode, 'auto'>> = {
  words: ['before-processing', 'after-processing'],
  later: [],
  hints: {
    'before-output': 'what a consumer does is its processing: write `before-processing`',
    'after-output': 'what a consumer does is its processing: write `after-processing`',
    'with-output': 'only a sink can, which writes into a store',
    'in-transaction': 'only a processor can, which publishes',
    'two-phase': 'only a sink can, which writes into a store',
  },
}

/** `consumers:` after defaults. */
export function resolveConsumers(context: Context, file: FileFacts): readonly ConsumerSpec[] {
  return [...context.applications.values()]
    .filter((facts) => facts.kind === 'consumer')
    .map((facts) => resolveConsumer(facts, context, file))
}

function resolveConsumer(facts: ApplicationFacts, context: Context, file: FileFacts): ConsumerSpec {
  const { place } = facts
  const { spec, commit, rules } = resolveReader(facts, place.get('config'), COMMIT, context, file)
  const handler = handlerAt(place, context.options)
  if (handler !== null) checkHandlerOfConsumer(place)
  if (isShare(facts)) {
    const share = resolveShare(facts, spec, commit, rules, context, file.profile)
    return { ...spec, commit, steps: null, share }
  }
  checkNoShare(facts, rules)
  const steps = place.get('steps')
  if (!steps.written) return { ...spec, commit, steps: null, ...(handler === null ? {} : { handler }) }
  checkScripted(place, spec.handling.kind === 'hand-off')
  const script = resolveConsumerSteps(steps, spec, context)
  const commits = steps.items().find((step) => step.text() === 'commit' || step.has('commit'))
  if (commits !== undefined && rules.group === '') {
    const message = `\`${facts.name}\` is in no group, so it has nowhere to commit to`
    commits.error('TWICESHY_IMPOSSIBLE', message, 'write a `group.id`')
  } else if (commits !== undefined && rules.values['enable.auto.commit'] === true) {
    const message = `\`${facts.name}\` commits by its script and automatically too`
    const help = 'both happen; write `enable.auto.commit: false` to leave it to the script'
    const auto = rules.written('enable.auto.commit') ?? place.get('config')
    commits.warning('TWICESHY_CONFIG_SURPRISE', message, help, auto)
  }
  return { ...spec, commit, steps: script }
}

/** What belongs to the loop that a script stands in for. */
function checkScripted(place: Place, handsOff: boolean): void {
  if (!handsOff) return
  const help = 'keep one of the two'
  place
    .get('handling')
    .keyError('TWICESHY_IMPOSSIBLE', `\`${place.name}\` has \`steps\` and \`handling\` at once`, help)
}
