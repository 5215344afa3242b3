import {
  type ChaosBudget,
  type ChaosKind,
  type ChaosSpec,
  DISK_KINDS,
  HOSTILE_KINDS,
  NAMED_KINDS,
  ORDINARY_KINDS,
} from '../../../sim/faults/plan.ts'
import type { Place } from '../place.ts'
import type { Context } from './context.ts'
import { isCorruptionSimulated } from './corruption.ts'

const BUDGETS: readonly ChaosBudget[] = ['within-promise', 'beyond', 'hostile']
const OF_HOSTILE: readonly ChaosKind[] = [...ORDINARY_KINDS, ...DISK_KINDS, ...HOSTILE_KINDS]
const KINDS: readonly ChaosKind[] = [...OF_HOSTILE, ...NAMED_KINDS]
const MOST_FAULTS = 10_000

/** `chaos:` after defaults. Null without it. */
export function resolveChaos(place: Place, context: Context): ChaosSpec | null {
  if (place.tree === null || !place.expectMap('`chaos`')) return null
  const budget = place.get('budget').word(BUDGETS, '`budget`') ?? 'within-promise'
  return { budget, kinds: kindsAt(place.get('kinds'), budget, context), faults: countsAt(place.get('faults')) }
}

function kindsAt(place: Place, budget: ChaosBudget, context: Context): readonly ChaosKind[] {
  const byDefault = budget === 'hostile' ? OF_HOSTILE : ORDINARY_KINDS
  if (!place.written || !place.expectList('`kinds`')) return byDefault
  const kinds: ChaosKind[] = []
  for (const item of place.items()) {
    const kind = item.word(KINDS, 'a kind of fault')
    if (kind === null || kinds.includes(kind)) continue
    if (budget !== 'hostile' && isHostile(kind)) {
      const message = `the budget \`${budget}\` has no \`${kind}\`: Kafka promises nobody to survive it`
      item.error('TWICESHY_IMPOSSIBLE', message, 'write `budget: hostile`')
    }
    if (kind !== 'corrupt' || isCorruptionSimulated(item, context)) kinds.push(kind)
  }
  if (place.items().length === 0)
    place.error('TWICESHY_FAULT', '`kinds` is empty, so chaos has nothing to draw', 'leave it out for all kinds')
  return kinds
}

function isHostile(kind: ChaosKind): boolean {
  return (HOSTILE_KINDS as readonly string[]).includes(kind)
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
