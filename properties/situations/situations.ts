import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { ControllerSituations } from './controllers.ts'
import { GroupSituations } from './groups.ts'
import { SITUATIONS } from './names.ts'
import { ProducerSituations } from './producers.ts'
import { isTransactional } from '../shadow/coordinated.ts'
import { ReplicaSituations } from './replicas.ts'
import { TransactionSituations } from './transactions.ts'

/** Counts the hard situations that one run comes into, for campaigns to show their power with. */
export class Situations {
  /** Who has to see moments, after the {@link Shadow} and {@link Consumption}. */
  readonly watchers: readonly MomentObserver[]
  private readonly counts: Int32Array = new Int32Array(SITUATIONS.length)

  /** @param consumption null when nobody reads. */
  constructor(shadow: Shadow, consumption: Consumption | null) {
    this.watchers = [
      new ReplicaSituations(shadow, this.counts),
      new ProducerSituations(shadow, this.counts),
      ...(shadow.spec.cluster.controllers > 1 ? [new ControllerSituations(this.counts)] : []),
      ...(isTransactional(shadow.spec) ? [new TransactionSituations(this.counts)] : []),
      ...(consumption === null ? [] : [new GroupSituations(consumption, this.counts)]),
    ]
  }

  /** How often each situation that was met at all occurred, by name. */
  reached(): Readonly<Record<string, number>> {
    const reached: Record<string, number> = {}
    SITUATIONS.forEach(({ name }, situation) => {
      const count = this.counts[situation] as number
      if (count > 0) reached[name] = count
    })
    return reached
  }
}
