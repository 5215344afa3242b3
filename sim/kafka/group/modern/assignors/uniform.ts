import { topicIdOf, tpOf } from '../../../../history/ids.ts'
import { compareText, type MemberSpec, type TargetAssignment, type TopicDescriber } from './assignor.ts'

interface Load {
  readonly memberId: string
  readonly topics: ReadonlySet<number>
  readonly tps: number[]
}

/**
 * `UniformAssignor`: loads differ as little as subscriptions allow, and members keep what they have as far as that allows. Kafka
 * walks its members and partitions in the order of hash tables, here they come in their own: which of several equal partitions
 * moves may differ from Kafka's choice.
 */
export function assignUniform(members: readonly MemberSpec[], topics: TopicDescriber): TargetAssignment {
  const loads = [...members].sort((a, b) => compareText(a.memberId, b.memberId)).map(loadOf)
  const partitions = partitionsOf(members, topics)
  const isHomogeneous = loads.every((load) => isSameSet(load.topics, (loads[0] as Load).topics))
  if (isHomogeneous) keepQuotas(loads, partitions.length)
  const taken = new Set(loads.flatMap((load) => load.tps))
  const unassigned = partitions.filter((tp) => !taken.has(tp))
  if (isHomogeneous) fillQuotas(loads, partitions.length, unassigned)
  else {
    for (const tp of unassigned) leastLoaded(loads, tp)?.tps.push(tp)
    while (balanceOnce(loads));
  }
  return new Map(loads.map(({ memberId, tps }) => [memberId, tps.sort((a, b) => a - b)]))
}

function loadOf({ memberId, topics, assignment }: MemberSpec): Load {
  const subscribed = new Set(topics)
  return { memberId, topics: subscribed, tps: assignment.filter((tp) => subscribed.has(topicIdOf(tp))) }
}

function partitionsOf(members: readonly MemberSpec[], topics: TopicDescriber): readonly number[] {
  const subscribed = [...new Set(members.flatMap((member) => member.topics))].sort((a, b) => a - b)
  return subscribed.flatMap((topicId) =>
    Array.from({ length: topics.count(topicId) }, (_, partition) => tpOf(topicId, partition)),
  )
}

// --- equal subscriptions (`UniformHomogeneousAssignmentBuilder`) --------------------------------------------------------

/** The share of the member at a place among all: the first ones get one more where it does not divide. */
function quotaOf(at: number, members: number, partitions: number): number {
  return Math.floor(partitions / members) + (at < partitions % members ? 1 : 0)
}

/** `maybeRevokePartitions` */
function keepQuotas(loads: readonly Load[], partitions: number): void {
  loads.forEach((load, at) => {
    load.tps.length = Math.min(load.tps.length, quotaOf(at, loads.length, partitions))
  })
}

/** `assignRemainingPartitions` */
function fillQuotas(loads: readonly Load[], partitions: number, unassigned: readonly number[]): void {
  let next = 0
  loads.forEach(({ tps }, at) => {
    const end = next + quotaOf(at, loads.length, partitions) - tps.length
    for (; next < end && next < unassigned.length; next++) tps.push(unassigned[next] as number)
  })
}

function isSameSet(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each))
}

// --- different subscriptions (`UniformHeterogeneousAssignmentBuilder`) --------------------------------------------------

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
