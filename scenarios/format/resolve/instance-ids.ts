import type { Place } from '../place.ts'

const PLACEHOLDERS = ['instance', 'incarnation', 'random']

/**
 * An id that may hold `${instance}`, `${incarnation}` and `${random}`, in whose place the world puts something. Null when it
 * is none, which is reported.
 */
export function instanceIdText(entry: Place): string | null {
  const text = idText(entry)
  if (text === null) return null
  const unknown = [...text.matchAll(/\$\{([^}]*)\}/g)].find((match) => !PLACEHOLDERS.includes(match[1] ?? ''))
  if (unknown === undefined) return text
  const help = `there is ${PLACEHOLDERS.map((name) => `\`\${${name}}\``).join(', ')}`
  entry.error('TWICESHY_VALUE', `nothing is put in the place of \`${unknown[0].slice(0, 80)}\``, help)
  return null
}

/** Whether every instance of an application has an id of its own. */
export function differsByInstance(id: string): boolean {
  return id.includes('${instance}') || id.includes('${random}')
}

/** An id as it is written. Null when it is none, which is reported. */
export function idText(entry: Place): string | null {
  const text = entry.text()?.trim() ?? null
  if (text === null) entry.wrongType(`\`${entry.name}\` must be a single value`)
  return text
}
