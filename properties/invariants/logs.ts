import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Breaches } from './breaches.ts'

/** What holds of every append and every load. */
export class LogInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [M.logAppended, M.logLoaded, M.logStartMoved]
  private readonly shadow: Shadow
  private readonly breaches: Breaches

  constructor(shadow: Shadow, breaches: Breaches) {
    this.shadow = shadow
    this.breaches = breaches
  }

  onMoment(kind: number, time: number, node: number, _tp: number, offset: number, last: number): void {
    if (kind === M.logAppended) this.onAppended(time, node, offset, last)
    else if (kind === M.logLoaded) this.onLoaded(time, node)
    else this.onStartMoved(time, node, offset, last)
  }

  private onStartMoved(time: number, node: number, offset: number, was: number): void {
    const log = this.shadow.logs.current
    if (log === null || (offset <= log.highWatermark && offset >= was)) return
    const what = `moved the start of its log from ${was} to ${offset}, and its high watermark is ${log.highWatermark}`
    this.tell('log-start-within-hw', time, node, what)
  }

  private onLoaded(time: number, node: number): void {
    const { logs } = this.shadow
    if (logs.current === null || logs.untold === 0) return
    const what = `found ${logs.untold} offsets that no moment had told, when it loaded its log`
    this.tell('shadow-audit', time, node, what)
  }

  /** `log.appended` */
  onAppended(time: number, node: number, offset: number, last: number): void {
    const { logs } = this.shadow
    if (logs.current === null) return
    if (offset !== logs.endBefore || last < offset) {
      this.tell(
        'offsets-contiguous',
        time,
        node,
        `appended offsets ${offset} to ${last} to a log that ended at ${logs.endBefore}`,
      )
    }
    if (this.shadow.cluster.isDown(node))
      this.tell('no-append-while-down', time, node, `appended offset ${offset} while it was down`)
    if (logs.entries.created && logs.entries.conflict >= 0) this.tellConflict(time, node)
  }

  private tellConflict(time: number, node: number): void {
    const { logs, names } = this.shadow
    const { entries } = logs
    const [entry, other] = [logs.entry, logs.entries.conflict]
    const differ =
      entries.batch.at(entry) === entries.batch.at(other) ? 'the entry before it differs' : 'the batch differs'
    this.tell(
      'log-matching',
      time,
      node,
      `has an entry at offset ${entries.base.at(entry)} of leader epoch ${entries.epoch.at(entry)} that contradicts ${names.node(entries.node.at(other))}: ${differ}`,
    )
  }

  private tell(invariant: string, time: number, node: number, what: string): void {
    const partition = this.shadow.partitions.names[this.shadow.logs.current?.partition ?? -1]
    this.breaches.add(invariant, time, `${this.shadow.names.node(node)} ${what} (${partition})`)
  }
}
