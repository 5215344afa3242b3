/** Numbers that stand for things in moments and messages. */

/** Topic id and partition index in one 31-bit integer. Topic ids count from 1. */
export function tpOf(topicId: number, partition: number): number {
  return (topicId << 16) | partition
}
export function topicIdOf(tp: number): number {
  return tp >>> 16
}
export function partitionOf(tp: number): number {
  return tp & 0xffff
}

/** Brokers as a set: bit masks over broker ids 1..60, low 0..30, high 31..61. */
export function maskLow(brokers: readonly number[]): number {
  let mask = 0
  for (const id of brokers) if (id < 31) mask |= 1 << id
  return mask
}
export function maskHigh(brokers: readonly number[]): number {
  let mask = 0
  for (const id of brokers) if (id >= 31) mask |= 1 << (id - 31)
  return mask
}
export function brokersOf(low: number, high: number): readonly number[] {
  const brokers: number[] = []
  for (let id = 0; id < 62; id++) {
    if (id < 31 ? (low >>> id) & 1 : (high >>> (id - 31)) & 1) brokers.push(id)
  }
  return brokers
}

/** Producer epoch with the flag "appended as leader", as `log.appended` carries them: the flag sits above 16 bits. */
export const APPENDED_AS_LEADER = 0x10000
/** In the same place: the batch belongs to a transaction; and it is a marker that ends one. */
export const TRANSACTIONAL_BATCH = 0x20000
export const CONTROL_BATCH = 0x40000

/** Request and direction: api key in the low bits, 0x1000 for a reply. */
export const REPLY_FLAG = 0x1000

/** `node` fields that hold a broker hold its node number; a world's brokers are nodes 1..n, so broker id = node number. */
export const NO_NODE: number = -1

/**
 * Records are numbered by the node that sends them and its own count, so that a record's name needs no table:
 * `checkout#0/5` is node `checkout#0`, ordinal 5. Scripted ids are told by `record.defined`.
 */
export function recordOf(node: number, ordinal: number): number {
  return (node << 20) | ordinal
}
export function recordNode(record: number): number {
  return record >>> 20
}
export function recordOrdinal(record: number): number {
  return record & 0xfffff
}
