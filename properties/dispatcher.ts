import { M } from '../sim/history/catalogue.ts'
import type { MomentObserver } from '../sim/history/recorder.ts'
import type { AnswerInvariants } from './invariants/answers.ts'
import type { CommittedLogInvariants } from './invariants/committed-log.ts'
import type { HighWatermarkInvariants } from './invariants/high-watermark.ts'
import type { LogInvariants } from './invariants/logs.ts'
import type { Shadow } from './shadow/shadow.ts'

/** Kinds of moments, and the numbers before the first. */
const ALL_KINDS: readonly number[] = Array.from({ length: Math.max(...Object.values(M)) + 1 }, (_, kind) => kind)

const NOBODY: readonly MomentObserver[] = []

/** Who is in every court and sees the most frequent moments. */
interface Regulars {
  readonly highWatermarks: HighWatermarkInvariants
  readonly logs: LogInvariants
  readonly committedLog: CommittedLogInvariants
  readonly answers: AnswerInvariants
}

/** Shows every moment to the shadow first, then to everybody who wants to see it. */
export class Dispatcher implements MomentObserver {
  readonly kinds: readonly number[]
  private readonly shadow: Shadow
  private readonly highWatermarks: HighWatermarkInvariants
  private readonly logs: LogInvariants
  private readonly committedLog: CommittedLogInvariants
  private readonly answers: AnswerInvariants
  /** By kind of moment: who wants it and is not called by name. */
  private readonly watchers: readonly (readonly MomentObserver[])[]

  /** `watchers` are all who watch, the regulars among them, in the order in which they see a moment. */
  constructor(shadow: Shadow, regulars: Regulars, watchers: readonly MomentObserver[]) {
    this.shadow = shadow
    this.highWatermarks = regulars.highWatermarks
    this.logs = regulars.logs
    this.committedLog = regulars.committedLog
    this.answers = regulars.answers
    const byKind: (MomentObserver[] | undefined)[] = []
    for (const kind of shadow.kinds) byKind[kind] = isShadowedByName(kind) ? [] : [shadow]
    for (const watcher of watchers) {
      for (const kind of watcher.kinds) {
        const others = (byKind[kind] ??= [])
        if (!this.isCalledByName(watcher, kind)) others.push(watcher)
      }
    }
    this.watchers = ALL_KINDS.map((kind) => byKind[kind] ?? NOBODY)
    this.kinds = ALL_KINDS.filter((kind) => byKind[kind] !== undefined)
  }

  onMoment(
    kind: number,
    time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
  ): void {
    const { shadow } = this
    // Most moments are of these kinds: whoever is always there is called by name.
    switch (kind) {
      case M.hwAdvanced:
        this.onHighWatermark(time, node, a, b, c, d)
        // Nobody else wants those of followers and of leaders that are not the newest.
        if (!shadow.ofNewestLeader) return
        break
      case M.logAppended:
        shadow.onAppended(time, node, a, b, c, d, e, f, g, h)
        this.logs.onAppended(time, node, b, c)
        break
      case M.followerFetched:
        this.highWatermarks.onFetched(node, a, b, c)
        break
      case M.recordSent:
        shadow.onSent(time, node, a, b, c)
        break
      case M.recordBatched:
        shadow.records.onBatched(a, b, c, d)
        break
      case M.produceAcked:
        shadow.onAcked(time, a, b, c, d)
        break
      case M.produceAnswered:
        this.answers.onAnswered(time, node, a, b, c, e, h)
        break
      default:
    }
    const watchers = this.watchers[kind] as readonly MomentObserver[]
    for (let i = 0; i < watchers.length; i++)
      (watchers[i] as MomentObserver).onMoment(kind, time, node, a, b, c, d, e, f, g, h)
  }

  private onHighWatermark(time: number, node: number, tp: number, offset: number, epoch: number, leader: number): void {
    const log = this.shadow.onHighWatermark(time, node, tp, offset, epoch, leader)
    if (log === null) return
    this.highWatermarks.onAdvanced(time, log, offset, epoch, leader)
    this.committedLog.onHighWatermark(time, log, offset, leader)
  }

  private isCalledByName(watcher: MomentObserver, kind: number): boolean {
    if (watcher === this.logs) return kind === M.logAppended
    if (watcher === this.committedLog) return kind === M.hwAdvanced
    if (watcher === this.answers) return kind === M.produceAnswered
    return watcher === this.highWatermarks && (kind === M.hwAdvanced || kind === M.followerFetched)
  }
}

/** Whether the shadow is called by name for a kind of moment. */
function isShadowedByName(kind: number): boolean {
  switch (kind) {
    case M.hwAdvanced:
    case M.logAppended:
    case M.recordSent:
    case M.recordBatched:
    case M.produceAcked:
      return true
    default:
      return false
  }
}
