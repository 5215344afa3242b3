import { WORKLOAD } from '../kernel/site.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import { AcknowledgeType, type AcknowledgeTypeId } from '../kafka/share/record-state.ts'
import { EffectOutput } from './effect-output.ts'
import type { ShareOutcomes } from './share-options.ts'

/** Takes the application's word on a record. */
export interface Acknowledger {
  acknowledge(tp: number, offset: number, type: AcknowledgeTypeId): void
}

/**
 * The output of a consumer in a share group: having processed a record is the effect, and what could not be processed is
 * released or rejected without one.
 */
export class ShareOutput extends EffectOutput {
  private readonly deciding: Env
  private readonly outcomes: ShareOutcomes
  /** Null where nothing is acknowledged record by record. */
  private readonly acknowledger: Acknowledger | null

  constructor(env: Env, outcomes: ShareOutcomes, acknowledger: Acknowledger | null) {
    super(env)
    this.deciding = env
    this.outcomes = outcomes
    this.acknowledger = acknowledger
  }

  override put(worker: number, polled: ConsumedRecord, generation: number): boolean {
    const type = this.outcome()
    if (type === AcknowledgeType.ACCEPT) super.put(worker, polled, generation)
    this.acknowledger?.acknowledge(polled.tp, polled.offset, type)
    return true
  }

  private outcome(): AcknowledgeTypeId {
    const { releasePerMille, rejectPerMille } = this.outcomes
    if (releasePerMille + rejectPerMille === 0) return AcknowledgeType.ACCEPT
    const drawn = this.deciding.decide(WORKLOAD, 1000)
    // 0 is the most boring choice: all goes well.
    if (drawn < 1000 - releasePerMille - rejectPerMille) return AcknowledgeType.ACCEPT
    return drawn < 1000 - rejectPerMille ? AcknowledgeType.RELEASE : AcknowledgeType.REJECT
  }
}
