import { M } from '../../sim/history/catalogue.ts'
import type { DecodedMoment } from '../../sim/history/decode.ts'
import { topicIdOf } from '../../sim/history/ids.ts'
import { WEIGHT } from './choice.ts'
import { bool, int, text } from './fields.ts'
import type { Labels } from './labels.ts'
import type { Subject } from './subject.ts'
import type { Sentence } from './teller.ts'

/** What operators do to the topics of the story's records: made, deleted, promised something else; null for others. */
export function tellTopic(moment: DecodedMoment, subject: Subject, labels: Labels): Sentence | null {
  const topicId = int(moment, 'topicId')
  if (![...subject.partitions].some((tp) => topicIdOf(tp) === topicId)) return null
  const topic = text(moment, 'topic')
  const rules = `min.insync.replicas is ${int(moment, 'minIsr')}, unclean elections are ${bool(moment, 'unclean') ? 'allowed' : 'not allowed'}`
  switch (moment.kind) {
    case M.topicCreated:
      return { weight: WEIGHT.deed, text: `${topic} is made, with ${int(moment, 'partitions')} partitions` }
    case M.topicDeleted:
      return { weight: WEIGHT.fate, text: `${topic} is deleted, with all that is in it` }
    case M.configCommitted:
      return { weight: WEIGHT.deed, text: `${topic} gets other settings: ${rules}` }
    case M.configApplied: {
      const who = labels.node(moment.node)
      return {
        weight: WEIGHT.setting,
        text: `${who} goes by the other settings of ${topic}`,
        group: `config ${topicId}`,
      }
    }
    default:
      return null
  }
}
