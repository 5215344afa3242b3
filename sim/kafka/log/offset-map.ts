import type { BrokerConfig } from '../protocol/config/broker.ts'

/** Bytes that a key takes: its hash and an offset (`SkimpyOffsetMap`). */
const ENTRY_BYTES = 24

/** How many keys one pass of the cleaner has room for: `log.cleaner.dedupe.buffer.size` filled to the load factor. */
export function mapSizeOf(config: BrokerConfig): number {
  const slots = Math.floor(config['log.cleaner.dedupe.buffer.size'] / ENTRY_BYTES)
  return Math.floor(slots * config['log.cleaner.io.buffer.load.factor'])
}

/** The newest offset of every key that one pass of the cleaner has met. Keys are told apart by themselves, not by a hash. */
export class OffsetMap {
  /** Everything before it is in the map. */
  end = 0
  private readonly size: number
  private readonly newest: Map<string, number> = new Map()

  constructor(size: number) {
    this.size = size
  }

  /** Offsets ascend. False: there is no room, also not for a key that is known; the pass ends before this record. */
  put(key: string, offset: number): boolean {
    if (this.newest.size >= this.size) return false
    this.newest.set(key, offset)
    this.end = offset + 1
    return true
  }

  /** Whether a newer record of the key is in the map. */
  supersedes(key: string, offset: number): boolean {
    return offset < (this.newest.get(key) ?? -1)
  }
}
