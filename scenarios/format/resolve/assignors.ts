import type { Place } from '../place.ts'
import { didYouMean, listOf } from '../suggest.ts'

/** Kafka's own assignors by their protocol names; KIP-54, KIP-429. */
const ASSIGNORS = ['range', 'roundrobin', 'sticky', 'cooperative-sticky'] as const
const CLASSES: Readonly<Record<string, string>> = {
  RangeAssignor: 'range',
  CooperativeStickyAssignor: 'cooperative-sticky',
  RoundRobinAssignor: 'roundrobin',
  StickyAssignor: 'sticky',
}

/**
 * `partition.assignment.strategy`: names or classes in order of preference, as one text. Null when one of them is not taken,
 * which is reported.
 */
export function strategiesAt(entry: Place): string | null {
  const text = entry.text()
  if (text === null) {
    entry.wrongType(
      `\`${entry.name}\` must be a single value`,
      'write several with commas: `range, cooperative-sticky`',
    )
    return null
  }
  const names: string[] = []
  for (const word of text.split(',').map((each) => each.trim())) {
    const name = nameOf(word)
    if (!(ASSIGNORS as readonly string[]).includes(name)) {
      const message = `\`${entry.name}\` names assignors, and there is none \`${word.slice(0, 100)}\``
      entry.error('TWICESHY_VALUE', message, helpWith(name))
      return null
    }
    // `ConsumerPartitionAssignor.getAssignorInstances` refuses two of one name.
    if (names.includes(name)) {
      entry.error('TWICESHY_CONFIG_REFUSED', `Kafka refuses \`${entry.name}\`: \`${name}\` stands there twice`)
      return null
    }
    names.push(name)
  }
  return names.join(', ')
}

/** An assignor's protocol name for the name of its class, with or without its package. */
function nameOf(word: string): string {
  const simple = word.replace(/^org\.apache\.kafka\.clients\.consumer\./, '')
  return (Object.hasOwn(CLASSES, simple) ? CLASSES[simple] : undefined) ?? word
}

function helpWith(name: string): string {
  return didYouMean(name, ASSIGNORS) ?? `there is ${listOf(ASSIGNORS, 'and')}`
}

/** The assignors of a setting, in order of preference. */
export function strategiesOf(setting: string): readonly string[] {
  return setting.split(', ')
}
