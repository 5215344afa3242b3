import { waitingInWords } from '../../sim/waiting.ts'
import { readingsOf } from '../liveness/group-waits.ts'
import type { Liveness, Waits } from '../liveness/liveness.ts'
import { waitInWords } from '../liveness/wait.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Violation } from '../verdict.ts'
import { seconds, someOf } from '../words.ts'
import { type Checker, cutShort, type Ruling, type RunEnd } from './checker.ts'
import type { FinalLogs } from './final-logs.ts'
import { MOST_KEPT } from './findings.ts'
import { hangingTransactions } from './hanging-transactions.ts'

/** At most this many reasons are told in a sentence. */
const REASONS_TOLD = 3

/**
 * `progress`: after healing every send resolves, every partition has a leader that its replicas have caught up with, and
 * every group comes to the end of what it reads. What the configuration leaves no way out of, although everything was
 * restarted, is excused: it prefers being unavailable to losing data.
 */
export class Progress implements Checker {
  readonly kinds: readonly number[] = []
  private readonly shadow: Shadow
  private readonly consumption: Consumption | null
  private readonly liveness: Liveness
  private readonly final: FinalLogs

  constructor(shadow: Shadow, consumption: Consumption | null, liveness: Liveness, final: FinalLogs) {
    this.shadow = shadow
    this.consumption = consumption
    this.liveness = liveness
    this.final = final
  }

  onMoment(): void {}

  rule(_subject: number, end: RunEnd): Ruling {
    const { records, partitions } = this.shadow
    const readings = this.consumption === null ? 0 : readingsOf(this.consumption)
    const judged = records.length + partitions.count + readings
    const nothing: Ruling = { judged, violations: [], count: 0, undecided: null, excused: false }
    if (end.ended === 'settled') {
      const hanging = hangingTransactions(this.shadow, this.final, end)
      return { ...nothing, violations: hanging.slice(0, MOST_KEPT), count: hanging.length }
    }
    if (end.ended === 'max-events') return { ...nothing, undecided: cutShort(end) }
    const waits = this.liveness.waits(end)
    const violations = this.violations(waits, end)
    const excuses = [...waits.told.map(({ wait }) => wait), ...waits.rest].flatMap(({ excuse }) => excuse ?? [])
    if (violations.length === 0 && excuses.length > 0) {
      const reasons = someOf([...new Set(excuses)], REASONS_TOLD)
      return { ...nothing, undecided: `unavailable, excused because ${reasons}`, excused: true }
    }
    if (end.ended === 'deadlock') violations.unshift(this.deadlock(end))
    else if (violations.length === 0) violations.push(this.accuse('stuck-send', end, 'nobody says for what'))
    return { ...nothing, violations: violations.slice(0, MOST_KEPT), count: violations.length }
  }

  /** What the world says counts where moments tell nothing of the kind. */
  private violations({ told, rest }: Waits, end: RunEnd): Violation[] {
    const when = this.when(end)
    const accused = told
      .filter(({ wait }) => wait.excuse === null)
      .map(({ wait: { kind, records }, accusation }): Violation => {
        return { kind, atUs: end.virtualUs, message: accusation(when), records }
      })
    const kinds = new Set(accused.map(({ kind }) => kind))
    const open = rest.filter(({ kind, excuse }) => excuse === null && !kinds.has(kind))
    const byKind = new Set(open.map(({ kind }) => kind))
    for (const kind of byKind) {
      const words = open.filter((wait) => wait.kind === kind).map(waitInWords)
      accused.push(this.accuse(kind, end, someOf(words, REASONS_TOLD)))
    }
    return accused
  }

  private accuse(kind: Violation['kind'], end: RunEnd, what: string): Violation {
    return { kind, atUs: end.virtualUs, message: `${this.when(end)} it was not over: ${what}`, records: [] }
  }

  private deadlock(end: RunEnd): Violation {
    const atUs = end.virtualUs
    const waiting =
      end.waiting.length === 0 ? 'nobody says for what' : someOf(end.waiting.map(waitingInWords), REASONS_TOLD)
    const message = `at ${seconds(atUs)} nothing was left to happen, and still: ${waiting}`
    return { kind: 'deadlock', atUs, message, records: [] }
  }

  private when(end: RunEnd): string {
    const { healingAt } = this.shadow.cluster
    if (healingAt < 0) return `at ${seconds(end.virtualUs)}`
    return `at ${seconds(end.virtualUs)}, ${seconds(end.virtualUs - healingAt)} after every fault had ended,`
  }
}
