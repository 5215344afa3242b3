import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import { S } from './names.ts'

/** Situations of the metadata quorum. */
export class ControllerSituations implements MomentObserver {
  readonly kinds: readonly number[] = [M.controllerStarted, M.controllerDeposed, M.quorumTruncated]
  private readonly counts: Int32Array
  /** The active controller's node; -1 before the first. */
  private active = -1

  constructor(counts: Int32Array) {
    this.counts = counts
  }

  onMoment(kind: number, _time: number, node: number, _a: number, offset: number, end: number): void {
    switch (kind) {
      case M.controllerStarted:
        if (this.active >= 0 && this.active !== node) this.hit(S.controllerFailover)
        this.active = node
        return
      case M.controllerDeposed:
        return offset < end ? this.hit(S.metadataUndecided) : undefined
      default:
        return this.hit(S.metadataLogCut)
    }
  }

  private hit(situation: number): void {
    this.counts[situation] = (this.counts[situation] as number) + 1
  }
}
