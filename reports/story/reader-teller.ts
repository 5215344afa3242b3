import { M } from '../../sim/history/catalogue.ts'
import type { DecodedMoment } from '../../sim/history/decode.ts'
import { errorName } from '../../sim/kafka/protocol/errors.ts'
import { counted } from '../words.ts'
import { WEIGHT } from './choice.ts'
import { bool, int, text } from './fields.ts'
import type { Labels } from './labels.ts'
import { tellShare } from './share-teller.ts'
import type { Subject } from './subject.ts'
import type { Sentence } from './teller.ts'

/** By `what` of effect.applied: what a store did. */
const DONE = [
  '',
  'takes a new row for',
  'changes a row by',
  'adds up',
  'takes, without any change of what it shows,',
  'does what it was called for:',
  'has in a file',
] as const
/** By `reason` of effect.refused. */
const FENCES = ['', 'its generation fence', 'its offset fence', 'what it remembers having done'] as const

/** Puts what readers did with the records into sentences: deliveries, effects, commits, owners, groups. */
export class ReaderTeller {
  private readonly subject: Subject
  private readonly labels: Labels
  /** By partition: the first offset of the records that was delivered. */
  private readonly delivered = new Map<number, number>()
  /** Groups and partitions whose position is known to be past that offset. */
  private readonly past = new Set<string>()

  constructor(subject: Subject, labels: Labels) {
    this.subject = subject
    this.labels = labels
  }

  sentence(moment: DecodedMoment): Sentence | null {
    switch (moment.kind) {
      case M.recordDelivered:
      case M.workStarted:
      case M.effectApplied:
      case M.effectRefused:
      case M.recordDerived:
      case M.handlerStepped:
      case M.handlerFinished:
      case M.handlerThrew:
        return this.ofRecord(moment)
      case M.offsetCommitted:
        return this.committed(moment)
      case M.shareReleased:
      case M.shareAcknowledged:
      case M.shareArchived:
      case M.acknowledgeFailed:
        return tellShare(moment, this.delivered, this.labels)
      case M.commitRefused:
      case M.commitFailed:
      case M.partitionAssigned:
      case M.partitionRevoked:
      case M.partitionLost:
        return this.subject.partitions.has(int(moment, 'tp')) ? this.ofPartition(moment) : null
      case M.coordinatorLoaded: {
        const groups = int(moment, 'groups')
        const said = `${this.labels.node(moment.node)} coordinates ${counted(groups, 'group')} now`
        return groups === 0 ? null : { weight: WEIGHT.deed, text: said }
      }
      case M.groupRebalanced: {
        const members = counted(int(moment, 'members'), 'member')
        const said = `group ${text(moment, 'group')} enters generation ${int(moment, 'generation')} with ${members}`
        return { weight: WEIGHT.setting, text: said }
      }
      case M.memberRemoved: {
        const why = bool(moment, 'expired') ? ': nothing was heard of it for too long' : ''
        const who = this.labels.node(int(moment, 'member'))
        return { weight: WEIGHT.deed, text: `${who} is no member of group ${text(moment, 'group')} any more${why}` }
      }
      default:
        return null
    }
  }

  private ofRecord(moment: DecodedMoment): Sentence | null {
    const { labels, subject } = this
    const isDerived = moment.kind === M.recordDerived
    if (
      !subject.records.has(int(moment, isDerived ? 'input' : 'record')) &&
      !subject.records.has(int(moment, 'record'))
    )
      return null
    const who = labels.node(moment.node)
    const record = labels.record(int(moment, 'record'))
    const store = labels.node(int(moment, 'store'))
    switch (moment.kind) {
      case M.recordDelivered: {
        const [tp, offset] = [int(moment, 'tp'), int(moment, 'offset')]
        if (!this.delivered.has(tp)) this.delivered.set(tp, offset)
        const place = `offset ${offset} of ${labels.partition(tp)}`
        return { weight: WEIGHT.fate, text: `${who} is handed ${record}, ${place}` }
      }
      case M.workStarted:
        return { weight: WEIGHT.deed, text: `${who} begins to work on ${record}` }
      case M.handlerStepped:
        return { weight: WEIGHT.deed, text: `the handler of ${who} comes to ${text(moment, 'name')} with ${record}` }
      case M.handlerFinished: {
        const outputs = int(moment, 'outputs')
        const done = outputs === 0 ? `is done with ${record}` : `makes ${counted(outputs, 'output')} of ${record}`
        return { weight: WEIGHT.deed, text: `the handler of ${who} ${done}` }
      }
      case M.handlerThrew:
        return { weight: WEIGHT.fate, text: `the handler of ${who} throws at ${record}: ${text(moment, 'message')}` }
      case M.effectApplied: {
        const done = DONE[int(moment, 'what')] ?? ''
        return {
          weight: WEIGHT.fate,
          text: done === '' ? `${who} has processed ${record}` : `${store} ${done} ${record}`,
        }
      }
      case M.effectRefused: {
        const fence = FENCES[int(moment, 'reason')] ?? ''
        return { weight: WEIGHT.deed, text: `${store} refuses ${record} by ${fence}` }
      }
      default:
        return { weight: WEIGHT.fate, text: `${who} makes ${record} of ${labels.record(int(moment, 'input'))}` }
    }
  }

  /** Of commits only the first past the record says something about it. */
  private committed(moment: DecodedMoment): Sentence | null {
    const [tp, offset, group] = [int(moment, 'tp'), int(moment, 'offset'), text(moment, 'group')]
    const least = this.delivered.get(tp)
    const key = `${group} ${tp}`
    if (least === undefined || offset <= least || this.past.has(key)) return null
    this.past.add(key)
    const member = this.labels.node(int(moment, 'member'))
    const said = `group ${group} has committed offset ${offset} of ${this.labels.partition(tp)}, past it, for ${member}`
    return { weight: WEIGHT.fate, text: said }
  }

  private ofPartition(moment: DecodedMoment): Sentence {
    const who = this.labels.node(moment.node)
    const what = this.labels.partition(int(moment, 'tp'))
    const error = errorName(int(moment, 'error'))
    const group = `${moment.kind} ${moment.node} ${what} ${error}`
    const commit = `offset ${int(moment, 'offset')} of ${what} for group ${text(moment, 'group')}`
    switch (moment.kind) {
      case M.commitRefused:
        return { weight: WEIGHT.deed, text: `${who} refuses to commit ${commit}: ${error}`, group }
      case M.commitFailed:
        return { weight: WEIGHT.deed, text: `${who} could not commit ${commit}: ${error}`, group }
      case M.partitionAssigned:
        return { weight: WEIGHT.deed, text: `${who} takes ${what} over in generation ${int(moment, 'generation')}` }
      case M.partitionRevoked:
        return { weight: WEIGHT.setting, text: `${who} gives ${what} up` }
      default:
        return { weight: WEIGHT.deed, text: `${who} learns that ${what} is no longer its own` }
    }
  }
}
