import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Consumption } from './consumption.ts'

/** What leaders told last of a record that a group shares. */
export interface ShareState {
  readonly state: 'acquired' | 'available' | 'acknowledged' | 'archived'
  readonly atUs: number
  /** How often it was acquired. */
  readonly count: number
  /** Who has it, or had it before; -1 = nobody. */
  readonly node: number
  /** Why it is what it is, as `share.released` and `share.archived` tell it. */
  readonly cause: number
}

/** Where a leader found that a group stands. */
export interface ShareStart {
  readonly atUs: number
  readonly offset: number
}

const STATE_OF = new Map<number, ShareState['state']>([
  [M.shareAcquired, 'acquired'],
  [M.shareReleased, 'available'],
  [M.shareAcknowledged, 'acknowledged'],
  [M.shareArchived, 'archived'],
])

/** What share groups did with records, rebuilt from what leaders tell. It sees a moment after the {@link Consumption}. */
export class ShareStates implements MomentObserver {
  readonly kinds: readonly number[] = [...STATE_OF.keys(), M.shareLoaded]
  private readonly consumption: Consumption
  /** By reader and partition, then by offset. */
  private readonly states: Map<number, Map<number, ShareState>> = new Map()
  private readonly starts: Map<number, ShareStart> = new Map()
  /** By reader and partition: how records became available again, in order. */
  private readonly releases: Map<number, { readonly offset: number; readonly state: ShareState }[]> = new Map()

  constructor(consumption: Consumption) {
    this.consumption = consumption
  }

  /** Undefined while nobody acquired it. */
  of(reader: number, partition: number, offset: number): ShareState | undefined {
    return this.states.get(this.keyOf(reader, partition))?.get(offset)
  }

  /** Where the newest leader began; undefined before one did. */
  startOf(reader: number, partition: number): ShareStart | undefined {
    return this.starts.get(this.keyOf(reader, partition))
  }

  /** How a record had become available again before a time; undefined when no leader had told so. */
  releasedBefore(reader: number, partition: number, offset: number, atUs: number): ShareState | undefined {
    const releases = this.releases.get(this.keyOf(reader, partition)) ?? []
    return releases.findLast((one) => one.offset === offset && one.state.atUs <= atUs)?.state
  }

  /** Whether the group is done with a record, with or without an effect. */
  isOver(reader: number, partition: number, offset: number): boolean {
    const state = this.of(reader, partition, offset)?.state
    return state === 'acknowledged' || state === 'archived'
  }

  onMoment(
    kind: number,
    time: number,
    _node: number,
    text: number,
    tp: number,
    offset: number,
    last: number,
    count: number,
    node: number,
    cause: number,
  ): void {
    const reader = this.consumption.readerOfGroup(text)
    const partition = this.consumption.shadow.partitions.indexOf(tp)
    if (reader < 0 || partition < 0) return
    const key = this.keyOf(reader, partition)
    const state = STATE_OF.get(kind)
    if (state === undefined) {
      this.starts.set(key, { atUs: time, offset })
      return
    }
    let states = this.states.get(key)
    if (states === undefined) {
      states = new Map()
      this.states.set(key, states)
    }
    const told = { state, atUs: time, count, node, cause }
    for (let at = offset; at <= last; at++) {
      states.set(at, told)
      if (state === 'available') this.release(key, at, told)
    }
  }

  private release(key: number, offset: number, state: ShareState): void {
    const releases = this.releases.get(key)
    if (releases === undefined) this.releases.set(key, [{ offset, state }])
    else releases.push({ offset, state })
  }

  private keyOf(reader: number, partition: number): number {
    return reader * this.consumption.shadow.partitions.count + partition
  }
}
