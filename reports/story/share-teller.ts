import { M } from '../../sim/history/catalogue.ts'
import type { DecodedMoment } from '../../sim/history/decode.ts'
import { errorName } from '../../sim/kafka/protocol/errors.ts'
import { WEIGHT } from './choice.ts'
import { int, text } from './fields.ts'
import type { Labels } from './labels.ts'
import type { Sentence } from './teller.ts'

/** By `cause` of share.released. */
const RELEASED = ['it was released by', 'the lock ended of', 'the session ended of'] as const

/** What a share group did with a record that a member was handed, in a sentence; null when it is about others. */
export function tellShare(
  moment: DecodedMoment,
  delivered: ReadonlyMap<number, number>,
  labels: Labels,
): Sentence | null {
  const offset = delivered.get(int(moment, 'tp'))
  if (offset === undefined || offset < int(moment, 'offset') || offset > int(moment, 'last')) return null
  const leader = labels.node(moment.node)
  const place = `offset ${offset} of ${labels.partition(int(moment, 'tp'))}`
  const group = `group ${text(moment, 'group')}`
  if (moment.kind === M.acknowledgeFailed) {
    const error = errorName(int(moment, 'error'))
    return { weight: WEIGHT.deed, text: `${leader} could not acknowledge ${place}: ${error}` }
  }
  const who = labels.node(int(moment, 'member'))
  switch (moment.kind) {
    case M.shareReleased: {
      const why = `${RELEASED[int(moment, 'cause')] ?? RELEASED[0]} ${who}`
      return { weight: WEIGHT.deed, text: `${leader} has ${place} to give away again for ${group}: ${why}` }
    }
    case M.shareAcknowledged:
      return { weight: WEIGHT.fate, text: `${group} is done with ${place}, acknowledged by ${who}` }
    case M.shareArchived:
      return { weight: WEIGHT.fate, text: `${group} gives ${place} up after delivery ${int(moment, 'count')}` }
    default:
      return null
  }
}
