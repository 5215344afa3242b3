import { topicIdOf, tpOf } from '../../../../history/ids.ts'
import { compareText, type GroupAssignment, type GroupMember, type PartitionCounts } from './assignor.ts'

export interface Load {
  readonly memberId: string
  readonly topics: ReadonlySet<number>
  readonly tps: number[]
}

/** Whom `AbstractStickyAssignor` believes that a partition is its own. */
export type Claims = 'newest-generation' | 'any'

/** Who is to have what, and who had it. */
export interface StickyAssignment {
  readonly loads: readonly Load[]
  /** The member that owned a partition before, where one did. */
  readonly owners: ReadonlyMap<number, string>
}

/**
 * `AbstractStickyAssignor`: balanced, and every member keeps what it had as far as balance allows.
 *
 * Claims of an older generation lose against newer ones, and of the same generation against each other both lose (KAFKA-12984,
 * KAFKA-13419). Which of several equal partitions moves may differ from Kafka's own choice.
 *
 * @param claims `any` = what every member says it had is its own, whenever that was (before KAFKA-7026).
 */
export function stickyAssignment(
  members: readonly GroupMember[],
  counts: PartitionCounts,
  claims: Claims,
): StickyAssignment {
  const loads = [...members].sort((a, b) => compareText(a.memberId, b.memberId)).map(loadOf)
  const partitions = allPartitions(members, counts)
  const owners = claimedOwners(members, partitions)
  if (claims === 'any') claimAll(loads, members, partitions)
  else {
    const byMember = new Map(loads.map((load) => [load.memberId, load]))
    for (const tp of partitions) byMember.get(owners.get(tp) ?? '')?.tps.push(tp)
    trim(loads, partitions.length)
  }
  const taken = new Set(loads.flatMap((load) => load.tps))
  for (const tp of partitions) if (!taken.has(tp)) leastLoaded(loads, tp)?.tps.push(tp)
  while (balanceOnce(loads));
  return { loads, owners }
}

/** `StickyAssignor`: the eager one. What changes hands is given to its next owner at once. */
export function assignSticky(
  members: readonly GroupMember[],
  counts: PartitionCounts,
  claims: Claims = 'newest-generation',
): GroupAssignment {
  const { loads } = stickyAssignment(members, counts, claims)
  return new Map(loads.map(({ memberId, tps }) => [memberId, tps.sort((a, b) => a - b)]))
}

function loadOf(member: GroupMember): Load {
  return { memberId: member.memberId, topics: new Set(member.metadata.topics), tps: [] }
}

/** Every partition of every topic that somebody reads. */
export function allPartitions(members: readonly GroupMember[], counts: PartitionCounts): readonly number[] {
  const topics = [...new Set(members.flatMap((member) => member.metadata.topics))].sort((a, b) => a - b)
  return topics.flatMap((topicId) =>
    Array.from({ length: counts.count(topicId) }, (_, partition) => tpOf(topicId, partition)),
  )
}

/** Who owns what, by the newest generation that claims it. */
function claimedOwners(members: readonly GroupMember[], partitions: readonly number[]): ReadonlyMap<number, string> {
  const existing = new Set(partitions)
  const claims = new Map<number, { memberId: string; generation: number; isDisputed: boolean }>()
  for (const { memberId, metadata } of members) {
    const generation = metadata.generationId
    for (const { topicId, partition } of metadata.ownedPartitions) {
      const tp = tpOf(topicId, partition)
      if (!existing.has(tp) || !metadata.topics.includes(topicId)) continue
      const claim = claims.get(tp)
      if (claim === undefined || generation > claim.generation)
        claims.set(tp, { memberId, generation, isDisputed: false })
      else if (generation === claim.generation) claim.isDisputed = true
    }
  }
  const owners = new Map<number, string>()
  for (const [tp, claim] of claims) if (!claim.isDisputed) owners.set(tp, claim.memberId)
  return owners
}

/** Everybody keeps what it says it had, as often as that is said. */
function claimAll(loads: readonly Load[], members: readonly GroupMember[], partitions: readonly number[]): void {
  const existing = new Set(partitions)
  for (const { memberId, metadata } of members) {
    const load = loads.find((each) => each.memberId === memberId)
    for (const { topicId, partition } of metadata.ownedPartitions) {
      const tp = tpOf(topicId, partition)
      if (existing.has(tp) && metadata.topics.includes(topicId)) load?.tps.push(tp)
    }
  }
}

/**
 * With equal subscriptions nobody keeps more than the larger share, and only as many members keep a larger share as there are
 * such shares (`ConstrainedAssignmentBuilder`).
 */
function trim(loads: readonly Load[], partitions: number): void {
  const first = loads[0]
  if (first === undefined || !loads.every((load) => isSameSet(load.topics, first.topics))) return
  const small = Math.floor(partitions / loads.length)
  let large = partitions % loads.length
  for (const { tps } of loads) {
    if (tps.length > small && large > 0) {
      large--
      tps.length = small + 1
    } else if (tps.length > small) {
      tps.length = small
    }
  }
}

function isSameSet(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each))
}

function leastLoaded(loads: readonly Load[], tp: number): Load | undefined {
  let best: Load | undefined
  for (const load of loads) {
    if (load.topics.has(topicIdOf(tp)) && (best === undefined || load.tps.length < best.tps.length)) best = load
  }
  return best
}

/** Moves one partition from a member to one that has at least two fewer; false = balanced. */
function balanceOnce(loads: readonly Load[]): boolean {
  const byLoad = [...loads].sort((a, b) => b.tps.length - a.tps.length || compareText(a.memberId, b.memberId))
  for (const from of byLoad) {
    for (let at = from.tps.length - 1; at >= 0; at--) {
      const tp = from.tps[at] as number
      const to = leastLoaded(loads, tp)
      if (to === undefined || to.tps.length > from.tps.length - 2) continue
      from.tps.splice(at, 1)
      to.tps.push(tp)
      return true
    }
  }
  return false
}
