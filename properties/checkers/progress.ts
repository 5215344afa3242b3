import { brokersOf } from '../../sim/history/ids.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Violation } from '../verdict.ts'
import { listed, seconds, someOf } from '../words.ts'
import { type Checker, cutShort, type Ruling, type RunEnd } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { MOST_KEPT } from './findings.ts'
import { isOpen } from './open-sends.ts'
import { excusedGroups, readingsOf, stuckGroups } from './stuck-groups.ts'

/** At most this many reasons are told in a sentence. */
const REASONS_TOLD = 3

/**
 * `progress`: after healing every send resolves, every partition has a leader that its replicas have caught up with, and
 * every group comes to the end of what it reads. A partition that nobody may lead under the rules, although everything was
 * restarted, is excused, and so is a group whose offsets such a partition keeps: the configuration prefers being unavailable to
 * losing data.
 */
export class Progress implements Checker {
  readonly kinds: readonly number[] = []
  private readonly shadow: Shadow
  private readonly consumption: Consumption | null
  private readonly view: CommittedView

  constructor(shadow: Shadow, consumption: Consumption | null, view: CommittedView) {
    this.shadow = shadow
    this.consumption = consumption
    this.view = view
  }

  onMoment(): void {}

  rule(_subject: number, end: RunEnd): Ruling {
    const { records, partitions } = this.shadow
    const readings = this.consumption === null ? 0 : readingsOf(this.consumption)
    const judged = records.length + partitions.count + readings
    const nothing: Ruling = { judged, violations: [], count: 0, undecided: null, excused: false }
    if (end.ended === 'settled') return nothing
    if (end.ended === 'max-events') return { ...nothing, undecided: cutShort(end) }
    const excuses = this.excuses()
    const ofGroups = this.consumption === null ? new Map<number, string>() : excusedGroups(this.consumption)
    const violations = [
      ...this.stuckPartitions(end, excuses),
      ...this.stuckSends(end, excuses),
      ...this.stuckGroups(end, excuses, ofGroups),
    ]
    if (violations.length === 0 && excuses.size + ofGroups.size > 0) {
      const reasons = someOf([...new Set([...excuses.values(), ...ofGroups.values()])], REASONS_TOLD)
      return { ...nothing, undecided: `unavailable, excused because ${reasons}`, excused: true }
    }
    if (violations.length === 0 || end.ended === 'deadlock') violations.unshift(this.whole(end))
    return { ...nothing, violations: violations.slice(0, MOST_KEPT), count: violations.length }
  }

  /** What the run as a whole waits for. */
  private whole(end: RunEnd): Violation {
    const waiting = end.waiting.length === 0 ? 'nobody says for what' : someOf(end.waiting, REASONS_TOLD)
    const atUs = end.virtualUs
    if (end.ended === 'deadlock') {
      return {
        kind: 'deadlock',
        atUs,
        message: `at ${seconds(atUs)} nothing was left to happen, and still: ${waiting}`,
        records: [],
      }
    }
    return { kind: 'stuck-send', atUs, message: `${this.sinceHealing(end)} it was not over: ${waiting}`, records: [] }
  }

  private sinceHealing(end: RunEnd): string {
    const { healingAt } = this.shadow.cluster
    if (healingAt < 0) return `at ${seconds(end.virtualUs)}`
    return `at ${seconds(end.virtualUs)}, ${seconds(end.virtualUs - healingAt)} after every fault had ended,`
  }

  // --- excuses ------------------------------------------------------------------------------------------------------

  /** Why a partition may be unavailable, by its number. */
  private excuses(): ReadonlyMap<number, string> {
    const { partitions, cluster } = this.shadow
    const excuses = new Map<number, string>()
    for (let partition = 0; partition < partitions.count; partition++) {
      if (cluster.metadataLostAt >= 0) {
        excuses.set(
          partition,
          `the controller lost its disk, and with it all metadata, at ${seconds(cluster.metadataLostAt)}`,
        )
      } else if (cluster.leader[partition] === -1 && this.candidates(partition).length === 0) {
        const unclean = partitions.unclean[partition] === true ? '' : ', and unclean.leader.election.enable is false'
        excuses.set(
          partition,
          `nobody may lead ${partitions.names[partition]}: no replica that certainly holds all committed records is left${unclean}`,
        )
      }
    }
    return excuses
  }

  private candidates(partition: number): readonly string[] {
    return this.shadow.names.nodes.filter((_, node) => this.shadow.cluster.isCandidate(partition, node))
  }

  // --- partitions ---------------------------------------------------------------------------------------------------

  private stuckPartitions(end: RunEnd, excuses: ReadonlyMap<number, string>): Violation[] {
    const violations: Violation[] = []
    this.shadow.partitions.names.forEach((name, partition) => {
      if (excuses.has(partition)) return
      const why = this.whyStuck(partition)
      if (why === null) return
      violations.push({
        kind: 'stuck-replication',
        atUs: end.virtualUs,
        message: `${this.sinceHealing(end)} ${name} ${why}`,
        records: [],
      })
    })
    return violations
  }

  private whyStuck(partition: number): string | null {
    const { cluster, leaderships, logs, names } = this.shadow
    const elected = cluster.leader[partition] as number
    if (elected === -1) return `has no leader, although ${listed(this.candidates(partition))} may lead it`
    if (elected < 0) return null
    const leader = leaderships.newestNode(partition)
    if (leader !== elected || leaderships.alive[partition] !== 1) {
      return `is not led: ${names.node(elected)} was elected for epoch ${cluster.epoch[partition]} and did not begin`
    }
    const led = logs.of(leader, partition)
    for (const replica of brokersOf(
      cluster.replicasLow[partition] as number,
      cluster.replicasHigh[partition] as number,
    )) {
      const log = logs.of(replica, partition)
      if (log.end !== led.end || log.lastEntry !== led.lastEntry) {
        return `is not replicated: ${names.node(replica)} ends at offset ${log.end}, the leader ${names.node(leader)} at ${led.end}`
      }
      if (!cluster.inIsr(partition, replica))
        return `is not replicated: ${names.node(replica)} is not back in the in-sync set`
    }
    return led.highWatermark < led.end
      ? `has offsets from ${led.highWatermark} to ${led.end} that never became readable`
      : null
  }

  // --- groups -------------------------------------------------------------------------------------------------------

  private stuckGroups(
    end: RunEnd,
    excuses: ReadonlyMap<number, string>,
    ofGroups: ReadonlyMap<number, string>,
  ): Violation[] {
    if (this.consumption === null) return []
    return stuckGroups(this.consumption, this.view)
      .filter(({ reader, partition }) => !excuses.has(partition) && !ofGroups.has(reader))
      .map(({ message }) => ({
        kind: 'stuck-group',
        atUs: end.virtualUs,
        message: `${this.sinceHealing(end)} ${message}`,
        records: [],
      }))
  }

  // --- sends --------------------------------------------------------------------------------------------------------

  private stuckSends(end: RunEnd, excuses: ReadonlyMap<number, string>): Violation[] {
    const { records, names, partitions } = this.shadow
    const violations: Violation[] = []
    for (let record = 0; record < records.length; record++) {
      if (!isOpen(this.shadow, record) || excuses.has(records.partition.at(record))) continue
      const name = names.record(records.ids.at(record))
      const to = partitions.names[records.partition.at(record)]
      const message = `${name} was sent${to === undefined ? '' : ` to ${to}`} at ${seconds(records.sentAt.at(record))}; ${this.sinceHealing(end)} its send() still had no outcome`
      violations.push({ kind: 'stuck-send', atUs: end.virtualUs, message, records: [name] })
    }
    return violations
  }
}
