import { M } from '../../sim/history/catalogue.ts'
import type { DecodedMoment } from '../../sim/history/decode.ts'
import type { FaultEntry } from '../../sim/faults/plan.ts'
import { actionInWords } from '../fault-words.ts'
import { atSeconds } from '../words.ts'
import { type Told, WEIGHT } from './choice.ts'
import { bool, int, nodes, text } from './fields.ts'
import type { Labels } from './labels.ts'
import { LinkChanges } from './link-changes.ts'
import type { Subject } from './subject.ts'
import type { Sentence } from './teller.ts'
import { tellTopic } from './topic-teller.ts'

/** Puts what happened around the records into sentences: faults, processes, links, leaders, in-sync sets. */
export class WorldTeller {
  private readonly subject: Subject
  private readonly labels: Labels
  private readonly faults: readonly FaultEntry[]
  private readonly links: LinkChanges
  /** The fault that fired last: what it does to its target needs no second line. */
  private struck: DecodedMoment | null = null
  /** The operation on a disk that failed last: a process that halts for it does so at that very time. */
  private failed: DecodedMoment | null = null
  /** Faults of the time before the records that had not ended when the first was sent, by number. */
  private readonly standing = new Map<number, Told>()
  /** The fault that ended last before that time: what it broke may still be broken. */
  private ended: Told | null = null
  /** Who led each partition when the first record was sent, and who was in sync. */
  private readonly led = new Map<number, { leader: number; epoch: number; isr: readonly number[] }>()

  constructor(subject: Subject, labels: Labels, faults: readonly FaultEntry[]) {
    this.subject = subject
    this.labels = labels
    this.faults = faults
    this.links = new LinkChanges(labels)
  }

  /** What already stood when the first record was sent. */
  opening(): readonly Told[] {
    const led = [...this.led].map(([tp, { leader, epoch, isr }]): Told => {
      const who = leader < 0 ? 'nobody leads' : `${this.labels.node(leader)} leads`
      const said = `${who} ${this.labels.partition(tp)} in epoch ${epoch}; in sync: ${this.labels.nodes(isr)}`
      return { atUs: this.subject.beganAt, text: said, isCause: false, weight: WEIGHT.setting, group: `led ${tp}` }
    })
    const ended = this.ended === null ? [] : [this.ended]
    return [...[...ended, ...this.standing.values()].sort((a, b) => a.atUs - b.atUs), ...led]
  }

  /** Must be given every moment, also of the time before. */
  sentence(moment: DecodedMoment): Sentence | null {
    if (moment.index < this.subject.beganIndex) {
      this.remember(moment)
      return null
    }
    switch (moment.kind) {
      case M.faultFired:
      case M.faultEnded:
      case M.runHealing:
        return this.ofFault(moment)
      case M.linkCut:
      case M.linkHealed:
        return this.links.sentence(moment)
      case M.nodeStarted:
      case M.nodeCrashed:
      case M.nodePowerLost:
      case M.nodeStopped:
      case M.nodePaused:
      case M.nodeResumed:
      case M.diskWiped:
        return this.ofNode(moment)
      case M.logDirFailed:
        return this.ofDisk(moment)
      case M.leaderElected:
      case M.isrChanged:
      case M.replicasAssigned:
        return this.ofPartition(moment)
      case M.brokerFenced:
      case M.brokerUnfenced:
        return this.ofRegistration(moment)
      case M.controllerStarted:
      case M.controllerDeposed:
      case M.metadataLost:
        return this.ofController(moment)
      case M.topicCreated:
      case M.topicDeleted:
      case M.configCommitted:
      case M.configApplied:
        return tellTopic(moment, this.subject, this.labels)
      case M.epochBumped:
      case M.producerRestarted:
        return this.ofProducer(moment)
      default:
        return null
    }
  }

  private remember(moment: DecodedMoment): void {
    const fault = int(moment, 'fault')
    if (moment.kind === M.faultEnded) {
      const told = this.standing.get(fault)
      if (told !== undefined)
        this.ended = { ...told, text: `${told.text}, until ${atSeconds(moment.time / 1000)}`, weight: WEIGHT.setting }
      this.standing.delete(fault)
    }
    if (moment.kind === M.faultFired) {
      const said = this.fired(moment)
      this.standing.set(fault, { ...said, atUs: moment.time, isCause: false, group: `standing ${fault}` })
    }
    const tp = int(moment, 'tp')
    if (!this.subject.partitions.has(tp)) return
    const before = this.led.get(tp)
    if (moment.kind === M.leaderElected)
      this.led.set(tp, { leader: int(moment, 'leader'), epoch: int(moment, 'epoch'), isr: nodes(moment, 'isr') })
    else if (moment.kind === M.isrChanged && before !== undefined)
      this.led.set(tp, { ...before, isr: nodes(moment, 'isr') })
  }

  private fired(moment: DecodedMoment): { readonly weight: 1; readonly text: string } {
    const entry = int(moment, 'entry')
    const fault = this.faults[entry]
    const name =
      fault === undefined ? `a fault (${text(moment, 'action')})` : `faults[${entry}] (${actionInWords(fault.action)})`
    const target = int(moment, 'target')
    return { weight: WEIGHT.deed, text: `${name} strikes${target < 0 ? ' nobody' : ` ${this.labels.node(target)}`}` }
  }

  private ofFault(moment: DecodedMoment): Sentence {
    if (moment.kind === M.faultFired) {
      this.struck = moment
      return this.fired(moment)
    }
    if (moment.kind === M.runHealing)
      return { weight: WEIGHT.setting, text: 'every fault ends, and whoever is down starts again' }
    const entry = int(moment, 'entry')
    return { weight: WEIGHT.setting, text: `${entry < 0 ? 'the fault' : `faults[${entry}]`} ends` }
  }

  private ofNode(moment: DecodedMoment): Sentence | null {
    const node = this.labels.node(moment.node)
    const incarnation = int(moment, 'incarnation')
    const { struck } = this
    const known = struck !== null && struck.time === moment.time && int(struck, 'target') === moment.node
    const weight = known ? WEIGHT.travel : WEIGHT.deed
    switch (moment.kind) {
      case M.nodeStarted:
        return incarnation > 1 ? { weight: WEIGHT.setting, text: `${node} starts again` } : null
      case M.nodeCrashed:
        return { weight, text: this.isWithoutDisk(moment) ? `${node} halts` : `${node} crashes` }
      case M.nodePowerLost:
        return { weight, text: `${node} loses its power` }
      case M.nodeStopped:
        return { weight, text: `${node} stops in good order` }
      case M.nodePaused:
        return { weight, text: `${node} stands still` }
      case M.nodeResumed:
        return { weight: WEIGHT.setting, text: `${node} goes on` }
      default:
        return { weight, text: `the disk of ${node} is empty` }
    }
  }

  private ofDisk(moment: DecodedMoment): Sentence {
    this.failed = moment
    const what = `a ${text(moment, 'operation')} in the log directory ${text(moment, 'directory')}`
    return { weight: WEIGHT.deed, text: `${what} of ${this.labels.node(moment.node)} fails: it is offline` }
  }

  /** A process that ends with its disk ends at that very time. */
  private isWithoutDisk({ node, time }: DecodedMoment): boolean {
    return this.failed?.node === node && this.failed.time === time
  }

  private ofPartition(moment: DecodedMoment): Sentence | null {
    const { partitions } = this.subject
    const tp = int(moment, 'tp')
    const { labels } = this
    // Of the partitions of internal topics only their coordinators are told.
    if (partitions.size > 0 ? !partitions.has(tp) : labels.partition(tp).startsWith('__')) return null
    const name = labels.partition(tp)
    if (moment.kind === M.replicasAssigned) return this.assigned(moment, name)
    const isr = labels.nodes(nodes(moment, 'isr'))
    if (moment.kind === M.isrChanged) {
      const elr = nodes(moment, 'elr')
      const eligible = elr.length === 0 ? '' : `; still electable: ${labels.nodes(elr)}`
      return { weight: WEIGHT.setting, text: `in sync for ${name} now: ${isr}${eligible}` }
    }
    const leader = int(moment, 'leader')
    const epoch = int(moment, 'epoch')
    if (leader < 0) return { weight: WEIGHT.deed, text: `nobody can lead ${name}: it has no leader in epoch ${epoch}` }
    const how = bool(moment, 'unclean') ? ' although it was not in sync' : ''
    const said = `the controller elects ${labels.node(leader)} leader of ${name} in epoch ${epoch}${how}; in sync: ${isr}`
    return { weight: WEIGHT.deed, text: said }
  }

  private assigned(moment: DecodedMoment, name: string): Sentence {
    const { labels } = this
    const [adding, removing] = [nodes(moment, 'adding'), nodes(moment, 'removing')]
    const coming = adding.length === 0 ? '' : `; ${labels.nodes(adding)} to come`
    const going = removing.length === 0 ? '' : `; ${labels.nodes(removing)} to go`
    const text = `the replicas of ${name} are ${labels.nodes(nodes(moment, 'replicas'))}${coming}${going}`
    return { weight: WEIGHT.deed, text }
  }

  private ofRegistration(moment: DecodedMoment): Sentence {
    const broker = this.labels.node(int(moment, 'broker'))
    return moment.kind === M.brokerFenced
      ? { weight: WEIGHT.setting, text: `the controller takes ${broker} for dead (fenced)` }
      : { weight: WEIGHT.travel, text: `the controller takes ${broker} back (unfenced)`, group: `unfenced ${broker}` }
  }

  /** Of several controllers; a single one is told of as a node. */
  private ofController(moment: DecodedMoment): Sentence | null {
    const controller = this.labels.node(moment.node)
    const epoch = int(moment, 'epoch')
    if (moment.kind === M.metadataLost) {
      return { weight: WEIGHT.deed, text: 'the metadata that controllers had committed is gone with their disks' }
    }
    if (moment.kind === M.controllerDeposed) {
      const undecided = int(moment, 'leo') > int(moment, 'offset') ? ', and what it had decided alone is void' : ''
      return { weight: WEIGHT.setting, text: `${controller} is not the active controller any more${undecided}` }
    }
    if (epoch <= 0) return null
    return {
      weight: WEIGHT.setting,
      text: `${controller} is the active controller now, in epoch ${epoch} of the quorum`,
    }
  }

  private ofProducer(moment: DecodedMoment): Sentence | null {
    if (!this.subject.clients.has(moment.node)) return null
    const node = this.labels.node(moment.node)
    return moment.kind === M.epochBumped
      ? { weight: WEIGHT.deed, text: `${node} raises its producer epoch to ${int(moment, 'epoch')}` }
      : { weight: WEIGHT.deed, text: `${node} makes itself a new producer` }
  }
}
