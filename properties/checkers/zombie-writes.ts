import { M } from '../../sim/history/catalogue.ts'
import { Ints } from '../shadow/growable.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { seconds } from '../words.ts'
import type { Checker, Ruling } from './checker.ts'
import { Findings } from './findings.ts'

/** The newest identity that a transaction coordinator gave a transactional id. */
interface Identity {
  readonly text: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly node: number
  readonly since: number
}

/**
 * `fencing` of transactional producers: once the coordinator has given a transactional id a newer producer id or epoch, no
 * leader appends what an older one wrote, and no transaction of an older one is decided to be committed.
 */
export class ZombieWrites implements Checker {
  readonly kinds: readonly number[] = [M.producerRegistered, M.logAppended, M.txnPrepared]
  private readonly shadow: Shadow
  private readonly findings: Findings = new Findings()
  /** By application. */
  private readonly judged: Ints = new Ints()
  /** By text of the transactional id. */
  private readonly newest: Map<number, Identity> = new Map()
  /** By producer id: text of its transactional id. */
  private readonly owners: Map<number, number> = new Map()

  constructor(shadow: Shadow) {
    this.shadow = shadow
  }

  onMoment(kind: number, time: number, node: number, a: number, b: number, c: number, d: number): void {
    switch (kind) {
      case M.producerRegistered:
        return this.onRegistered(time, a, b, c, d)
      case M.logAppended:
        return this.onAppended(time, node)
      default:
        if (b === 1) this.onDecided(time, a, c, d)
    }
  }

  private onRegistered(since: number, text: number, producerId: number, producerEpoch: number, node: number): void {
    const application = this.shadow.names.applicationOf[node] ?? -1
    if (application >= 0) this.judged.put(application, this.judged.at(application) + 1)
    this.owners.set(producerId, text)
    this.newest.set(text, { text, producerId, producerEpoch, node, since })
  }

  /** A batch that is new to the cluster: what followers copy is no success. */
  private onAppended(time: number, leader: number): void {
    const { logs, partitions, leaderships } = this.shadow
    const { entries } = logs
    if (logs.current === null || !entries.created || entries.transactional.at(logs.entry) !== 1) return
    const [producerId, epoch] = [entries.producerId.at(logs.entry), entries.producerEpoch.at(logs.entry)]
    const newer = this.newerThan(producerId, epoch)
    if (newer === null) return
    // A leader that was replaced appends what it will have to cut off: nobody calls that a success.
    if (entries.epoch.at(logs.entry) < leaderships.newestEpoch(logs.current.partition)) return
    const where = `offset ${entries.base.at(logs.entry)} of ${partitions.names[logs.current.partition]}`
    this.accuse(
      time,
      newer,
      producerId,
      epoch,
      `${this.shadow.names.node(leader)} appended what was written`,
      ` at ${where}`,
    )
  }

  private onDecided(time: number, text: number, producerId: number, epoch: number): void {
    const newer = this.newest.get(text)
    // An end raises the epoch (transaction version 2): what is decided may be above what was given.
    if (newer === undefined || !isOlder(newer, producerId, epoch)) return
    this.accuse(time, newer, producerId, epoch, 'a transaction was committed that was begun', '')
  }

  private newerThan(producerId: number, epoch: number): Identity | null {
    const text = this.owners.get(producerId)
    const newest = text === undefined ? undefined : this.newest.get(text)
    return newest !== undefined && isOlder(newest, producerId, epoch) ? newest : null
  }

  private accuse(time: number, newer: Identity, producerId: number, epoch: number, what: string, where: string): void {
    const { names } = this.shadow
    const application = names.applicationOf[newer.node] ?? -1
    if (!this.findings.wants(application)) return
    const message =
      `${what} with producer id ${producerId} and epoch ${epoch}${where} at ${seconds(time)}, although ${names.node(newer.node)} had been ` +
      `given producer id ${newer.producerId} and epoch ${newer.producerEpoch} for the same transactional.id at ${seconds(newer.since)}`
    this.findings.keep(application, { kind: 'zombie-write', atUs: time, message, records: [] })
  }

  rule(subject: number): Ruling {
    let judged = 0
    for (let application = 0; application < this.judged.length; application++)
      if (subject === -1 || application === subject) judged += this.judged.at(application)
    const { violations, count } = this.findings.of(subject)
    return { judged, violations, count, undecided: null, excused: false }
  }
}

function isOlder(newest: Identity, producerId: number, epoch: number): boolean {
  return producerId === newest.producerId ? epoch < newest.producerEpoch : producerId < newest.producerId
}
