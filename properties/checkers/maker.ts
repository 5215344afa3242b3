import type { Guarantee, Stage } from '../../scenarios/format/vocabulary.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import { Liveness } from '../liveness/liveness.ts'
import type { Coordinated } from '../shadow/coordinated.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { AtLeastOnce } from './at-least-once.ts'
import { AtMostOnce } from './at-most-once.ts'
import { Atomicity } from './atomicity.ts'
import type { Checker } from './checker.ts'
import { Combined, EffectExactlyOnce } from './combined.ts'
import { CommittedDurability } from './committed-durability.ts'
import { CommittedView } from './committed-view.ts'
import { CountedEffects } from './counted-effects.ts'
import { ConsumeAtLeastOnce, EndToEndAtLeastOnce } from './consume-at-least-once.ts'
import { ConsumeAtMostOnce, EndToEndAtMostOnce } from './consume-at-most-once.ts'
import { DualWrites } from './dual-writes.ts'
import { Durability } from './durability.ts'
import { ExactlyOnce } from './exactly-once.ts'
import { Fencing } from './fencing.ts'
import { FinalLogs } from './final-logs.ts'
import { Isolation } from './isolation.ts'
import { NoGhosts } from './no-ghosts.ts'
import { OffsetSafety } from './offset-safety.ts'
import { OrderPerKey } from './order-per-key.ts'
import { OrderPerPartition } from './order-per-partition.ts'
import { OutcomeHonesty } from './outcome-honesty.ts'
import { Progress } from './progress.ts'
import { ReplicaAgreement } from './replica-agreement.ts'
import { EVERYTHING, type Scope, Unread } from './scope.ts'
import { SingleOwner } from './single-owner.ts'
import { StateEquivalence } from './state-equivalence.ts'
import { ZombieWrites } from './zombie-writes.ts'

type Delivery = 'at-most-once' | 'at-least-once' | 'exactly-once'

/** Makes the checkers that a run's expectations need. */
export class CheckerMaker {
  private readonly spec: WorldSpec
  private readonly shadow: Shadow
  /** Null while nobody reads: then a pipeline ends at the committed log. */
  private readonly consumption: Consumption | null
  private readonly final: FinalLogs
  private readonly view: CommittedView
  /** Shared by everybody who asks what became of a record on its way into the log. */
  private readonly least: AtLeastOnce
  readonly liveness: Liveness

  /** @param coordinated null where nobody may begin a transaction. */
  constructor(spec: WorldSpec, shadow: Shadow, consumption: Consumption | null, coordinated: Coordinated | null) {
    this.spec = spec
    this.shadow = shadow
    this.consumption = consumption
    this.final = new FinalLogs(shadow)
    this.view = new CommittedView(shadow, this.final)
    this.least = new AtLeastOnce(shadow, this.final)
    this.liveness = new Liveness(shadow, consumption, coordinated, this.view)
  }

  /** The checker of a guarantee at a stage, null where it judges nothing here. */
  make(guarantee: Guarantee, stage: Stage | null): Checker | null {
    const { shadow, final, consumption, view } = this
    switch (guarantee) {
      case 'at-most-once':
      case 'at-least-once':
      case 'exactly-once':
        return this.delivery(guarantee, stage)
      case 'durability':
        return new Durability(shadow)
      case 'committed-durability':
        return new CommittedDurability(shadow)
      case 'outcome-honesty':
        return new OutcomeHonesty(shadow, view)
      case 'order-per-partition':
        return new OrderPerPartition(shadow, final)
      case 'order-per-key':
        return new OrderPerKey(shadow, consumption, view)
      case 'replica-agreement':
        return new ReplicaAgreement(shadow)
      case 'progress':
        return new Progress(shadow, consumption, this.liveness, final)
      case 'no-ghosts':
        return consumption === null ? NOTHING : new NoGhosts(consumption, view, final)
      case 'fencing':
        return new Combined([...(consumption === null ? [] : [new Fencing(consumption)]), new ZombieWrites(shadow)])
      case 'offset-safety':
        return consumption === null ? NOTHING : new OffsetSafety(consumption)
      case 'single-owner':
        return consumption === null ? NOTHING : new SingleOwner(consumption)
      case 'atomicity':
        return new Atomicity(shadow, view, final)
      case 'isolation':
        return consumption === null ? NOTHING : new Isolation(consumption)
      case 'state-equivalence':
        return new Combined([
          ...(consumption === null ? [] : [new StateEquivalence(consumption, view)]),
          new DualWrites(this.spec, shadow, view),
        ])
    }
  }

  private delivery(guarantee: Delivery, stage: Stage | null): Checker {
    const { consumption } = this
    if (stage === 'publish' || (consumption === null && stage !== 'consume'))
      return this.published(guarantee, EVERYTHING)
    if (consumption === null) return NOTHING
    const ofEffects = this.effects(guarantee, consumption, stage === 'consume')
    // What goes where nobody reads has its end in the committed log.
    return stage === 'consume'
      ? ofEffects
      : new Combined([ofEffects, this.published(guarantee, new Unread(this.shadow))])
  }

  private published(guarantee: Delivery, scope: Scope): Checker {
    const { shadow, final } = this
    const least = (): AtLeastOnce => new AtLeastOnce(shadow, final, scope)
    const most = (): AtMostOnce => new AtMostOnce(shadow, final, scope)
    switch (guarantee) {
      case 'at-most-once':
        return most()
      case 'at-least-once':
        return least()
      case 'exactly-once':
        return new ExactlyOnce(shadow, least(), most())
    }
  }

  private effects(guarantee: Delivery, consumption: Consumption, isConsume: boolean): Checker {
    const { view } = this
    const least = isConsume
      ? new ConsumeAtLeastOnce(consumption, view, this.least)
      : new EndToEndAtLeastOnce(consumption, view, this.least)
    const most = isConsume ? new ConsumeAtMostOnce(consumption, view) : new EndToEndAtMostOnce(consumption, view)
    const counts = consumption.applications.readers.some(({ changelog }) => changelog >= 0)
    const doubled = counts ? [new CountedEffects(consumption, view, 'duplicate-effect', isConsume)] : []
    const missed = counts ? [new CountedEffects(consumption, view, 'lost-effect', isConsume)] : []
    switch (guarantee) {
      case 'at-most-once':
        return withCounts(most, doubled)
      case 'at-least-once':
        return withCounts(least, missed)
      case 'exactly-once':
        return withCounts(new EffectExactlyOnce(least, most), [...doubled, ...missed])
    }
  }
}

function withCounts(checker: Checker, counted: readonly CountedEffects[]): Checker {
  return counted.length === 0 ? checker : new Combined([checker, ...counted])
}

/** Of what nobody does nothing can be judged. */
const NOTHING: Checker = {
  kinds: [],
  onMoment() {},
  rule: () => ({ judged: 0, violations: [], count: 0, undecided: null, excused: false }),
}
