import { countsOf } from './application/stores.ts'
import { StreamsProcess } from './application/streams/streams-process.ts'
import type { Broker } from './kafka/broker/broker.ts'
import { OFFSETS_TOPIC } from './kafka/broker/metadata-cache.ts'
import { partitionFor } from './kafka/group/partition-for.ts'
import type { LogEntry } from './kafka/protocol/batch.ts'
import type { Kernel } from './kernel/kernel.ts'
import { tpOf } from './history/ids.ts'
import { mostPartitionsOf, type NodeLayout } from './layout.ts'
import type { WorldSpec } from './spec.ts'
import type { WorldNodes } from './world-nodes.ts'

/** A replica's log. */
export interface FinalLog {
  readonly node: number
  readonly tp: number
  readonly logStartOffset: number
  /** The log's own entries, from its start on. */
  readonly entries: readonly LogEntry[]
  readonly highWatermark: number
}

/** A partition as the controller has it. */
export interface FinalPartition {
  readonly tp: number
  /** -1 = none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly elr: readonly number[]
}

/** Where a group stands, as its coordinator has it. */
export interface FinalOffset {
  readonly groupId: string
  readonly tp: number
  /** -1 = nowhere. */
  readonly offset: number
}

/** What a store has taken from a group. */
export interface FinalTable {
  readonly store: number
  readonly groupId: string
  readonly inserted: number
  readonly incremented: number
  /** Records in files that have their name. */
  readonly filed: number
  /** Calls that an endpoint carried out. */
  readonly called: number
}

/** The local store of a task of Kafka Streams. */
export interface FinalStore {
  readonly node: number
  /** Its changelog. */
  readonly tp: number
  readonly keys: number
  /** Of all its counts. */
  readonly sum: number
}

/** A world as it really is at the end, for the audit of what moments told. */
export interface FinalState {
  readonly logs: readonly FinalLog[]
  /** Those that the spec declares. */
  readonly partitions: readonly FinalPartition[]
  /** Those of groups whose coordinator is there. */
  readonly offsets: readonly FinalOffset[]
  readonly tables: readonly FinalTable[]
  /** Those of tasks that are open. */
  readonly states: readonly FinalStore[]
}

/** Looks at a world; never changes it. */
export function finalStateOf(
  kernel: Kernel,
  spec: WorldSpec,
  layout: readonly NodeLayout[],
  nodes: WorldNodes,
): FinalState {
  const brokers = layout.flatMap((node, number) => {
    const handler = node.role === 'broker' ? (kernel.nodes[number]?.handler as Broker | null | undefined) : null
    return handler === null || handler === undefined ? [] : [{ number, broker: handler }]
  })
  const tps = spec.topics.flatMap((topic, index) =>
    Array.from({ length: mostPartitionsOf(topic) }, (_, partition) => tpOf(index + 1, partition)),
  )
  const readers = [...spec.consumers, ...spec.processors, ...spec.sinks]
  const groups = [...new Set(readers.map(({ config }) => config['group.id']))].filter((group) => group !== '')
  return {
    logs: brokers.flatMap(({ number, broker }) => logsOf(number, broker)),
    partitions: tps.flatMap((tp) => nodes.view.partition(tp) ?? []),
    offsets: groups.flatMap((groupId) =>
      offsetsOf(groupId, tps, nodes, new Map(brokers.map((it) => [it.number, it.broker]))),
    ),
    tables: [...nodes.readers.stores].flatMap(([store, data]) =>
      groups.map((groupId) => ({ store, groupId, ...countsOf(data, groupId) })),
    ),
    states: layout.flatMap(({ role }, node) => (role === 'processor' ? storesOf(kernel, node) : [])),
  }
}

function storesOf(kernel: Kernel, node: number): readonly FinalStore[] {
  const process = kernel.nodes[node]?.handler
  if (!(process instanceof StreamsProcess)) return []
  return (process.states?.all ?? []).map(({ changelog, entries }) => {
    let sum = 0
    for (const { count } of entries.values()) sum += count
    return { node, tp: changelog, keys: entries.size, sum }
  })
}

function logsOf(node: number, broker: Broker): readonly FinalLog[] {
  return broker.logs.logs.map((log) => ({
    node,
    tp: log.tp,
    highWatermark: log.highWatermark,
    logStartOffset: log.logStartOffset,
    entries: log.allEntries(),
  }))
}

function offsetsOf(
  groupId: string,
  tps: readonly number[],
  nodes: WorldNodes,
  brokers: ReadonlyMap<number, Broker>,
): readonly FinalOffset[] {
  const topic = nodes.view.topicNamed(OFFSETS_TOPIC)
  if (topic === null) return []
  const kept = tpOf(topic.topicId, partitionFor(groupId, topic.partitions))
  const coordinator = brokers.get(nodes.view.leaderOf(kept))?.groups.partition(kept)
  if (coordinator?.state !== 'ACTIVE') return []
  return tps.map((tp) => ({ groupId, tp, offset: coordinator.committedOffset(groupId, tp) }))
}
