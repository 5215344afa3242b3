import { M } from '../../sim/history/catalogue.ts'
import type { DecodedMoment } from '../../sim/history/decode.ts'
import { Api } from '../../sim/kafka/protocol/api.ts'
import { int } from './fields.ts'

/**
 * Which message an event handles. Moments of one event follow each other in the trace, each caused by the one before; an
 * event that begins with a delivery handles that message. With acks=0 a record is done when its request is sent.
 */
export class EventChain {
  private last: DecodedMoment | null = null
  private carrier: DecodedMoment | null = null

  /** The message that the event of this moment handles, or null. Moments must be given in order. */
  follow(moment: DecodedMoment): DecodedMoment | null {
    const { last } = this
    const goesOn =
      last !== null && moment.cause === last.index && moment.time === last.time && moment.node === last.node
    this.last = moment
    if (moment.kind === M.requestDelivered) this.carrier = moment
    else if (!goesOn) this.carrier = null
    if (moment.kind === M.requestSent && int(moment, 'api') === Api.Produce) this.carrier ??= moment
    return this.carrier
  }
}
