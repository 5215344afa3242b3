import type { Place } from '../place.ts'
import type { LoadOptions } from '../options.ts'
import type { Campaign } from '../scenario.ts'

const MOST_RUNS = 10_000_000
const FULL_SIZE = 20_000
const PERCENT = 1

/** `campaign:` after defaults: what a campaign of this file must reach. Null without it. */
export function resolveCampaign(place: Place, options: LoadOptions): Campaign | null {
  if (!place.written || !place.expectMap('`campaign`')) return null
  const quotas = place.get('quotas')
  return {
    runs: place.get('runs').integer('`campaign.runs`', 1, MOST_RUNS, FULL_SIZE),
    quotas: quotas.written ? namesAt(quotas, '`quotas`', 'a situation', options.situations) : null,
    sharePercent: percentAt(place.get('share')),
    calibrate: namesAt(place.get('calibrate'), '`calibrate`', 'a mutant', options.mutants),
  }
}

/** A list of names, each once. */
function namesAt(place: Place, list: string, what: string, known: readonly string[] | undefined): readonly string[] {
  if (!place.expectList(list)) return []
  const names = new Set<string>()
  for (const item of place.items()) {
    const name = known === undefined ? item.text() : item.word(known, what)
    if (name === null) {
      if (known === undefined) item.wrongType(`${what} must be a name`)
    } else if (names.has(name)) item.error('TWICESHY_DUPLICATE_ID', `${item.describe()} stands in the list twice`)
    else names.add(name)
  }
  return [...names]
}

function percentAt(place: Place): number {
  if (!place.written || place.broken) return PERCENT
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(place.text() ?? '')
  const percent = Number(match?.[1] ?? Number.NaN)
  if (percent > 0 && percent <= 100) return percent
  const message = `\`share\` must be a percentage above 0 % and up to 100 %, not ${place.describe()}`
  place.error(match === null ? 'TWICESHY_TYPE' : 'TWICESHY_RANGE', message, 'such as `1%`')
  return PERCENT
}
