import type { Place } from '../place.ts'

export const ROLES = ['brokers', 'controllers', 'clients', 'stores', 'rest'] as const
export type Role = (typeof ROLES)[number]

/** Sections whose keys are names of the one namespace that applications, stores and topics share. */
const NAMING = ['topics', 'producers', 'consumers', 'processors', 'stores', 'sinks', 'sources'] as const

/** Names that clash, that are reserved, or that could not be told from a target. */
export function checkNames(root: Place): void {
  const seen = new Map<string, Place>()
  for (const section of NAMING) {
    for (const place of root.get(section).entries()) {
      const first = seen.get(place.name)
      if (first !== undefined) {
        const message = `\`${place.name}\` is a name of ${first.path[0] ?? ''} already`
        place.error(
          'TWICESHY_NAME_CLASH',
          message,
          'topics, applications and stores share one namespace: rename one of them',
          first,
        )
      } else seen.set(place.name, place)
      checkName(place, section)
    }
  }
}

function checkName(place: Place, section: string): void {
  const name = place.name
  if ((ROLES as readonly string[]).includes(name)) {
    const help = `${ROLES.join(', ')} are names of roles: choose another`
    place.keyErrorOrValue('TWICESHY_NAME', `the name \`${name}\` is reserved`, help)
  } else if (/^(?:broker|controller)-\d+$/.test(name)) {
    place.keyErrorOrValue('TWICESHY_NAME', `\`${name}\` is the name of a node`, 'choose another name')
  } else if (section !== 'topics' && !/^[A-Za-z0-9._-]{1,100}$/.test(name)) {
    const help = 'names are letters, digits, `.`, `_` and `-`, at most 100 of them'
    place.keyErrorOrValue('TWICESHY_NAME', `\`${name.slice(0, 80)}\` cannot be a name`, help)
  }
}
