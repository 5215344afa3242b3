import { brokersOf } from '../../sim/history/ids.ts'
import type { ShadowLog } from '../shadow/shadow-log.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { listed } from '../words.ts'
import { corruptBatchRule } from './corrupt-batches.ts'
import { electionRule, isrOf, lostMetadata, noWayToLead } from './elections.ts'

/** Why a partition does not go on. */
export interface PartitionWait {
  readonly partition: number
  /** How it stands, after the partition's name. */
  readonly state: string
  readonly waitsFor: string
  readonly sinceUs: number
  readonly rule: string
  readonly excuse: string | null
}

/** Why partitions do not go on: without a leader, or with one that not every replica has caught up with. */
export class PartitionWaits {
  private readonly shadow: Shadow

  constructor(shadow: Shadow) {
    this.shadow = shadow
  }

  /** By number of partition; those that are well are not there. */
  all(): ReadonlyMap<number, PartitionWait> {
    const waits = new Map<number, PartitionWait>()
    const { partitions } = this.shadow
    for (let partition = 0; partition < partitions.count; partition++) {
      if (partitions.isGone(partition)) continue
      const wait = this.of(partition)
      if (wait !== null) waits.set(partition, wait)
    }
    return waits
  }

  private of(partition: number): PartitionWait | null {
    const { cluster } = this.shadow
    const excuse = this.excuse(partition)
    const elected = cluster.leader[partition] as number
    if (elected < -1 && excuse === null) return null
    const wait =
      elected < 0 ? this.leaderless(partition) : (this.unbegun(partition, elected) ?? this.behind(partition, elected))
    if (wait !== null) return { ...wait, partition, excuse }
    if (excuse === null) return null
    const [state, waitsFor] = ['has lost its metadata', 'the metadata log']
    return { partition, state, waitsFor, sinceUs: cluster.metadataLostAt, rule: excuse, excuse }
  }

  /** Why it may be unavailable for good. */
  private excuse(partition: number): string | null {
    const { cluster, partitions, names } = this.shadow
    const name = partitions.names[partition] as string
    return lostMetadata(cluster) ?? noWayToLead(cluster, partitions, partition, name, names)
  }

  private leaderless(partition: number): Reason {
    const { cluster, partitions, names } = this.shadow
    const candidates = names.nodes.filter((_, node) => cluster.isCandidate(partition, node))
    const may = candidates.length === 0 ? '' : `, although ${listed(candidates)} may lead it`
    return {
      state: `has no leader${may}`,
      waitsFor: 'a leader',
      sinceUs: cluster.electedAt[partition] as number,
      rule: electionRule(cluster, partitions, partition, names, (node) => cluster.isDown(node)),
    }
  }

  /** Elected, and not leading. */
  private unbegun(partition: number, elected: number): Reason | null {
    const { cluster, leaderships, names } = this.shadow
    if (leaderships.newestNode(partition) === elected && leaderships.alive[partition] === 1) return null
    const who = names.node(elected)
    const down = cluster.isDown(elected) ? `; ${who} is down` : ''
    return {
      state: `is not led: ${who} was elected for epoch ${cluster.epoch[partition]} and did not begin`,
      waitsFor: `${who} to lead`,
      sinceUs: cluster.electedAt[partition] as number,
      rule: `until a broker has applied the metadata log up to its election it answers NOT_LEADER_OR_FOLLOWER${down}`,
    }
  }

  /** Led, and not every replica has what its leader has. */
  private behind(partition: number, leader: number): Reason | null {
    const { cluster, logs } = this.shadow
    const led = logs.of(leader, partition)
    const { low, high } = cluster.replicas
    const replicas = brokersOf(low[partition] as number, high[partition] as number)
    for (const replica of replicas) {
      const reason = this.behindReplica(partition, replica, led)
      if (reason !== null) return reason
    }
    return led.highWatermark < led.end ? this.uncommitted(partition, led) : null
  }

  private behindReplica(partition: number, replica: number, led: ShadowLog): Reason | null {
    const { cluster, logs, names } = this.shadow
    const log = logs.of(replica, partition)
    const name = names.node(replica)
    const since = cluster.changedAt(replica)
    if (log.end !== led.end || log.lastEntry !== led.lastEntry) {
      const down = cluster.isDown(replica) ? `; ${name} is down` : ''
      return {
        state: `is not replicated: ${name} ends at offset ${log.end}, the leader ${names.node(led.node)} at ${led.end}`,
        waitsFor: `${name} to catch up`,
        sinceUs: Math.max(since, this.appendedAt(led, Math.min(log.end, led.end))),
        rule:
          corruptBatchRule(this.shadow, partition, log.end, 'follower') ??
          `a follower fetches up to its leader's log end, and leaves the ISR when it has not for replica.lag.time.max.ms${down}`,
      }
    }
    if (cluster.inIsr(partition, replica)) return null
    return {
      state: `is not replicated: ${name} is not back in the in-sync set`,
      waitsFor: `${name} to be in sync`,
      sinceUs: Math.max(since, cluster.isrChangedAt[partition] as number),
      rule: `a replica joins the ISR by AlterPartition, when its log end has reached the high watermark and the start of the leader epoch, and while it is registered and unfenced; ISR=${isrOf(cluster, partition, names)}`,
    }
  }

  private uncommitted(partition: number, led: ShadowLog): Reason {
    const { cluster, partitions, names } = this.shadow
    const isr = isrOf(cluster, partition, names)
    const least = partitions.minIsr[partition] as number
    const rule =
      cluster.isrSize(partition) < least
        ? `the high watermark does not move while the ISR is smaller than min.insync.replicas=${least} (KIP-966); ISR=${isr}`
        : `the high watermark is the lowest log end of the ISR; ISR=${isr}`
    return {
      state: `has offsets from ${led.highWatermark} to ${led.end} that never became readable`,
      waitsFor: 'its high watermark',
      sinceUs: this.appendedAt(led, led.highWatermark),
      rule,
    }
  }

  /** When a log got what lies at an offset; 0 when it does not tell. */
  private appendedAt(log: ShadowLog, offset: number): number {
    const entry = log.entryAt(offset)
    return entry < 0 ? 0 : this.shadow.logs.entries.at.at(entry)
  }
}

type Reason = Pick<PartitionWait, 'state' | 'waitsFor' | 'sinceUs' | 'rule'>
