import { M } from '../../sim/history/catalogue.ts'
import type { DecodedMoment } from '../../sim/history/decode.ts'
import { listed } from '../words.ts'
import { WEIGHT } from './choice.ts'
import type { Copies } from './copies.ts'
import { bool, int } from './fields.ts'
import type { Labels } from './labels.ts'
import type { Sentence } from './teller.ts'

/** What becomes of copies whose bytes change on a disk; null where none of the story's records is in them. */
export function tellCorruption(moment: DecodedMoment, copies: Copies, labels: Labels): Sentence | null {
  const [tp, offset] = [int(moment, 'tp'), int(moment, 'offset')]
  const last = moment.kind === M.batchCorrupted ? int(moment, 'last') : offset
  const records = copies.within(moment.node, tp, offset, last)
  if (records.length === 0 && moment.kind !== M.corruptionFound) return null
  const who = labels.node(moment.node)
  const place = `offset ${offset} of ${labels.partition(tp)}`
  switch (moment.kind) {
    case M.batchCorrupted: {
      const what = listed(records.map((record) => labels.record(record)))
      return { weight: WEIGHT.fate, text: `the bytes of ${what} at ${place} change on the disk of ${who}` }
    }
    case M.batchRewritten: {
      const then = bool(moment, 'healed') ? 'what was wrong is gone' : 'nobody can tell any more that it is damaged'
      return { weight: WEIGHT.fate, text: `${who} compacts the batch at ${place}: ${then}` }
    }
    case M.corruptionFound: {
      if (!copies.isKnownAt(tp, offset)) return null
      const text = `${who} finds the batch at ${place} corrupt, and does not take it`
      return { weight: WEIGHT.deed, text, group: `corrupt ${moment.node} ${tp} ${offset}` }
    }
    default:
      return null
  }
}
