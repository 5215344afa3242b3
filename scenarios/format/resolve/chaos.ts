import type { ChaosBudget, ChaosKind, ChaosSpec } from '../../../sim/faults/plan.ts'
import type { Place } from '../place.ts'
import { CHAOS_ACTIONS, ACTIONS_NOT_SIMULATED } from './actions.ts'

const BUDGETS: readonly ChaosBudget[] = ['within-promise', 'beyond', 'hostile']
const MOST_FAULTS = 10_000

/** `chaos:` after defaults. Null without it. */
export function resolveChaos(place: Place): ChaosSpec | null {
  if (place.tree === null || !place.expectMap('`chaos`')) return null
  const budget = place.get('budget').word(BUDGETS, '`budget`') ?? 'within-promise'
  if (budget === 'hostile') {
    place
      .get('budget')
      .error(
        'TWICESHY_NOT_SIMULATED',
        'the budget `hostile` (corruption, disk errors, clock jumps) is not simulated yet',
        'write `beyond`',
      )
  }
  return { budget, kinds: kindsAt(place.get('kinds')), faults: countsAt(place.get('faults')) }
}

function kindsAt(place: Place): readonly ChaosKind[] {
  if (!place.written || !place.expectList('`kinds`')) return CHAOS_ACTIONS
  const kinds: ChaosKind[] = []
  for (const item of place.items()) {
    if ((ACTIONS_NOT_SIMULATED as readonly string[]).includes(item.text() ?? '')) {
      item.error('TWICESHY_NOT_SIMULATED', `${item.describe()} is not simulated yet`)
      continue
    }
    const kind = item.word(CHAOS_ACTIONS, 'a kind of fault')
    if (kind !== null && !kinds.includes(kind)) kinds.push(kind)
  }
  if (place.items().length === 0)
    place.error('TWICESHY_FAULT', '`kinds` is empty, so chaos has nothing to draw', 'leave it out for all kinds')
  return kinds
}

function countsAt(place: Place): readonly [number, number] {
  if (!place.written || place.broken) return [1, 6]
  const [least, most, ...rest] = place.items()
  if (least === undefined || most === undefined || rest.length > 0) {
    place.error(
      'TWICESHY_TYPE',
      `\`faults\` must be the least and the most number of faults, not ${place.describe()}`,
      'such as `faults: [0, 6]`',
    )
    return [1, 6]
  }
  const from = least.integer('the least number', 0, MOST_FAULTS, 1)
  const to = most.integer('the most', 0, MOST_FAULTS, 6)
  if (to < from)
    most.error(
      'TWICESHY_IMPOSSIBLE',
      `at least ${from} and at most ${to} faults`,
      'write the smaller number first',
      least,
    )
  return [from, to]
}
