import { SITES } from '../../../sim/kernel/site.ts'
import type { Place } from '../place.ts'
import type { ReplayRecord } from '../scenario.ts'
import { didYouMean, listOf } from '../suggest.ts'
import { checkSeed } from './seed.ts'

const BASES = ['seeded', 'boring'] as const
const SITE_NAMES: readonly string[] = SITES.map((site) => site.name)
const SITE_CLASSES: readonly string[] = [...new Set<string>(SITES.map((site) => site.class))]

/** `replay:` of a saved counterexample. Null without it, or when it is not understood. */
export function resolveReplay(place: Place): ReplayRecord | null {
  if (!place.written || !place.expectMap('`replay`')) return null
  const version = required(place, 'version')
  const runSeed = required(place, 'run-seed')
  checkSeed(place.get('run-seed'))
  const digest = required(place, 'digest')
  const bases = new Map<string, 'seeded' | 'boring'>()
  if (place.get('bases').expectMap('`bases`')) {
    for (const entry of place.get('bases').entries()) {
      const base = entry.word(BASES, 'a base')
      if (!SITE_CLASSES.includes(entry.name)) unknownSite(entry, entry.name, 'class of sites', SITE_CLASSES)
      else if (base !== null) bases.set(entry.name, base)
    }
  }
  const overrides = overridesAt(place.get('overrides'))
  if (version === null || runSeed === null || digest === null) return null
  return {
    version,
    runSeed,
    digest,
    signature: place.get('signature').text() ?? '',
    bases: Object.fromEntries(bases),
    overrides,
  }
}

function required(place: Place, key: string): string | null {
  const inner = place.get(key)
  const text = inner.text()
  if (text === null && !inner.broken) {
    if (inner.written) inner.wrongType(`\`${key}\` must be a single value`)
    else place.error('TWICESHY_MISSING', `\`replay\` has no \`${key}\``, 'save the counterexample again')
  }
  return text
}

function overridesAt(place: Place): ReplayRecord['overrides'] {
  if (!place.expectList('`overrides`')) return []
  return place.items().flatMap((item) => {
    const [name, ...rest] = item.items()
    const site = name?.text() ?? null
    const [a, b] = rest
      .slice(0, 2)
      .map((each) => each.integer("a lane of a decision's name", -(2 ** 31), 2 ** 32, null))
    const value = rest[2]?.integer('the value of a decision', 0, Number.MAX_SAFE_INTEGER, null)
    if (site !== null && name !== undefined && !SITE_NAMES.includes(site)) {
      unknownSite(name, site, 'site', SITE_NAMES)
      return []
    }
    if (site !== null && rest.length === 3 && a != null && b != null && value != null)
      return [[site, a, b, value] as const]
    if (site === null || rest.length !== 3) {
      item.error(
        'TWICESHY_TYPE',
        'an override must be a list: site, the two lanes of its name, value',
        'save the counterexample again',
      )
    }
    return []
  })
}

function unknownSite(place: Place, name: string, what: string, known: readonly string[]): void {
  const near = place.report.full ? null : didYouMean(name, known)
  const help = near?.startsWith('did') === true ? near : `there is ${listOf(known)}`
  place.keyErrorOrValue('TWICESHY_VALUE', `there is no ${what} \`${name.slice(0, 80)}\` at which runs vary`, help)
}
