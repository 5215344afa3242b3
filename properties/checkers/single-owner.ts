import { M } from '../../sim/history/catalogue.ts'
import type { Consumption } from '../shadow/consumption.ts'
import { Ints } from '../shadow/growable.ts'
import { seconds } from '../words.ts'
import type { Checker, Ruling } from './checker.ts'
import { Findings } from './findings.ts'
import { tellPlace } from './missing.ts'

/** A member's claim to a partition. */
interface Claim {
  readonly node: number
  readonly partition: number
  readonly since: number
}

/** The newest generation whose effects a store took, by partition. */
interface Mark {
  generation: number
  /** The highest offset of any generation. */
  offset: number
  at: number
}

/**
 * `single-owner`: no two members hold a partition in one generation, nor, where members have epochs of their own, does a member get
 * one that another still holds; who the coordinator has removed is no member. And where a store has a fence it takes no effect of a
 * member whose successor has written. Without a fence late effects of a lost owner are nothing that anybody promised.
 */
export class SingleOwner implements Checker {
  readonly kinds: readonly number[] = [
    M.partitionAssigned,
    M.partitionRevoked,
    M.partitionLost,
    M.memberJoined,
    M.memberRemoved,
    M.nodeCrashed,
    M.nodePowerLost,
    M.nodeStopped,
    M.diskWiped,
    M.effectApplied,
  ]
  private readonly consumption: Consumption
  private readonly findings: Findings = new Findings()
  private readonly judged: Ints = new Ints()
  /** By reader. */
  private readonly claims: Claim[][]
  private readonly marks: (Mark | undefined)[] = []
  /** By node: the newest generation it knows itself in. */
  private readonly generations: Ints = new Ints()
  /** Nodes whose group has removed them: what they hold is theirs no longer. */
  private readonly removed: Set<number> = new Set()

  constructor(consumption: Consumption) {
    this.consumption = consumption
    this.claims = consumption.applications.readers.map(() => [])
  }

  onMoment(kind: number, time: number, node: number, _a: number, tp: number, c: number): void {
    const { applications, shadow } = this.consumption
    if (kind === M.effectApplied) return this.onEffect(time)
    if (kind === M.memberJoined || kind === M.memberRemoved) return this.setMember(tp, kind === M.memberJoined)
    const reader = applications.readerOfNode[node] ?? -1
    if (reader < 0) return
    const partition = shadow.partitions.indexOf(tp)
    switch (kind) {
      case M.partitionAssigned:
        return this.onAssigned(time, reader, node, partition, c)
      case M.partitionRevoked:
      case M.partitionLost:
        return this.drop(reader, node, partition)
      default:
        this.generations.put(node, 0)
        return this.drop(reader, node, -1)
    }
  }

  rule(subject: number): Ruling {
    const readers = this.consumption.applications.readersOf(subject)
    const found = this.findings.ofAll(readers)
    return {
      judged: readers.reduce((sum, reader) => sum + this.judged.at(reader), 0),
      violations: found.violations,
      count: found.count,
      undecided: null,
      excused: false,
    }
  }

  private setMember(node: number, isMember: boolean): void {
    if (isMember) this.removed.delete(node)
    else this.removed.add(node)
  }

  private drop(reader: number, node: number, partition: number): void {
    const claims = this.claims[reader] as Claim[]
    for (let i = claims.length - 1; i >= 0; i--) {
      const claim = claims[i] as Claim
      if (claim.node === node && (partition < 0 || claim.partition === partition)) claims.splice(i, 1)
    }
  }

  private onAssigned(time: number, reader: number, node: number, partition: number, generation: number): void {
    // Taken by hand, outside of the group's generations: nobody hands out, so nothing is promised.
    if (partition < 0 || generation < 0) return
    this.judged.put(reader, this.judged.at(reader) + 1)
    const claims = this.claims[reader] as Claim[]
    this.drop(reader, node, partition)
    claims.push({ node, partition, since: time })
    if (this.consumption.applications.reader(reader).hasMemberEpochs) {
      this.checkEpochs(time, reader, node, partition, generation)
      return
    }
    const isNewer = this.generations.at(node) !== generation + 1
    this.generations.put(node, generation + 1)
    // What it kept it now holds in this generation too.
    for (const own of claims.filter((claim) => claim.node === node)) {
      if (own.partition !== partition && !isNewer) continue
      for (const other of claims) {
        const clashes = other.node !== node && other.partition === own.partition
        if (clashes && this.generations.at(other.node) === generation + 1)
          this.report(time, reader, own, other, generation)
      }
    }
  }

  private checkEpochs(time: number, reader: number, node: number, partition: number, epoch: number): void {
    // An answer that waited for a sleeper: it holds what was its own before it was removed, and finds out with its next request.
    if (this.removed.has(node)) return
    const claims = this.claims[reader] as Claim[]
    const other = claims.find((claim) => {
      return claim.node !== node && claim.partition === partition && !this.removed.has(claim.node)
    })
    if (other === undefined || !this.findings.wants(reader)) return
    const { shadow, applications } = this.consumption
    const message =
      `${shadow.names.node(node)} took ${shadow.partitions.names[partition]} of ${applications.reader(reader).group} over at ${seconds(time)} ` +
      `in epoch ${epoch}, while ${shadow.names.node(other.node)}, which was a member, held it since ${seconds(other.since)}`
    this.findings.keep(reader, { kind: 'double-ownership', atUs: time, message, records: [] })
  }

  private report(time: number, reader: number, own: Claim, other: Claim, generation: number): void {
    if (!this.findings.wants(reader)) return
    const { shadow, applications } = this.consumption
    const [one, two] = [other, own].map((claim) => `${shadow.names.node(claim.node)} since ${seconds(claim.since)}`)
    const message =
      `in generation ${generation} of ${applications.reader(reader).group} ${shadow.partitions.names[own.partition]} has two owners ` +
      `at ${seconds(time)}: ${one} and ${two}`
    this.findings.keep(reader, { kind: 'double-ownership', atUs: time, message, records: [] })
  }

  // --- fences -------------------------------------------------------------------------------------------------------

  private onEffect(time: number): void {
    const { effect, effects, applications, shadow } = this.consumption
    if (effect < 0) return
    const reader = effects.reader.at(effect)
    const { fence } = applications.reader(reader)
    const [generation, partition, offset] = [
      effects.generation.at(effect),
      effects.partition.at(effect),
      effects.offset.at(effect),
    ]
    if (fence === 'none' || generation < 0) return
    this.judged.put(reader, this.judged.at(reader) + 1)
    const mark = (this.marks[reader * shadow.partitions.count + partition] ??= { generation, offset: -1, at: time })
    const isStale = generation < mark.generation && (fence === 'generation' || offset <= mark.offset)
    if (isStale) this.reportEffect(time, reader, effect, mark)
    if (generation > mark.generation) {
      mark.generation = generation
      mark.at = time
    }
    mark.offset = Math.max(mark.offset, offset)
  }

  private reportEffect(time: number, reader: number, effect: number, mark: Mark): void {
    if (!this.findings.wants(reader)) return
    const { shadow, effects, applications } = this.consumption
    const name = shadow.names.record(shadow.records.ids.at(effects.record.at(effect)))
    const { fence, group } = applications.reader(reader)
    const place = tellPlace(this.consumption, effects.partition.at(effect), effects.offset.at(effect))
    const message =
      `${shadow.names.node(effects.node.at(effect))} took ${name} (${place}) at ${seconds(time)} from an owner of generation ` +
      `${effects.generation.at(effect)} of ${group}, although its successor of generation ${mark.generation} had written ` +
      `since ${seconds(mark.at)} and the store has the fence "${fence}"`
    this.findings.keep(reader, { kind: 'double-ownership', atUs: time, message, records: [name] })
  }
}
