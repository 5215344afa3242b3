import type { Place } from '../place.ts'
import type { Context } from './context.ts'
import { checkTopic } from './moments.ts'

/** The topics of a `to` or `from`: one, or a list. What is no topic is reported and left out. */
export function resolveTopicNames(place: Place, context: Context): readonly string[] {
  const topics: string[] = []
  for (const topic of place.oneOrMore()) {
    const name = topic.text()
    if (topic.broken) continue
    if (name === null) topic.wrongType(`\`${place.name}\` must be a topic or a list of topics`)
    else if (checkTopic(topic, context)) topics.push(name)
  }
  if (place.tree?.kind === 'list' && place.items().length === 0) {
    place.error('TWICESHY_MISSING', `\`${place.name}\` names no topic`)
  }
  return topics
}
