import { utf8Length } from '../kafka/client/murmur2.ts'
import { keyHash } from '../kafka/client/partitioner.ts'
import type { DrawnWorkload } from './workload.ts'

/** Forms a record by its ordinal: the same each time it is sent. Keys are hashed once. */
export class RecordSource {
  readonly count: number
  private readonly topicOf: Int32Array
  private readonly partitions: Int32Array
  /** Number of each record's key, -1 = none. */
  private readonly keys: Int32Array
  /** Where each record's key lies in what follows: numbers of keys may be far apart. */
  private readonly places: Int32Array
  private readonly keyTexts: string[] = []
  private readonly keyHashes: number[] = []
  private readonly sizes: Int32Array
  /** Milliseconds added to the wall clock for a record's timestamp. */
  private readonly timeShifts: Float64Array
  /** 1 for records without a value. */
  private readonly tombstones: Uint8Array
  /** Ids of a script's records. */
  private readonly ids: readonly string[]

  constructor(workload: DrawnWorkload, topics: readonly { readonly name: string }[]) {
    const sends = workload.kind === 'steps' ? workload.steps.flatMap((step) => (step.do === 'send' ? [step] : [])) : []
    const count = workload.kind === 'send' ? workload.gaps.length : sends.length
    this.count = count
    this.topicOf = new Int32Array(count)
    this.partitions = new Int32Array(count).fill(-1)
    this.keys = new Int32Array(count).fill(-1)
    this.places = new Int32Array(count).fill(-1)
    this.sizes = new Int32Array(count)
    this.tombstones = new Uint8Array(count)
    this.timeShifts = new Float64Array(count)
    this.ids = sends.map((step) => step.id)
    const known = new Map<string, number>()
    if (workload.kind === 'send') {
      for (let n = 0; n < count; n++) {
        const key = workload.keys[n] as number
        this.topicOf[n] = n % topics.length
        this.keys[n] = key
        this.sizes[n] = workload.size + (key < 0 ? 0 : this.keep(n, `k${key}`, known))
      }
    } else {
      sends.forEach((step, n) => {
        this.topicOf[n] = topics.findIndex((topic) => topic.name === step.to)
        this.partitions[n] = step.partition ?? -1
        this.timeShifts[n] = Math.floor((step.timestampUs ?? 0) / 1000)
        this.sizes[n] = step.value === null ? 0 : utf8Length(step.value)
        if (step.value === null) this.tombstones[n] = 1
        if (step.key === null) return
        this.sizes[n] = this.size(n) + this.keep(n, step.key, known)
        this.keys[n] = this.places[n] as number
      })
    }
  }

  topic(n: number): number {
    return this.topicOf[n] as number
  }

  isTombstone(n: number): boolean {
    return this.tombstones[n] === 1
  }

  /** Forced partition, or -1. */
  partition(n: number): number {
    return this.partitions[n] as number
  }

  /** Number of the record's key, -1 = none. */
  key(n: number): number {
    return this.keys[n] as number
  }

  keyText(n: number): string | null {
    const place = this.places[n] as number
    return place < 0 ? null : (this.keyTexts[place] as string)
  }

  keyHash(n: number): number {
    const place = this.places[n] as number
    return place < 0 ? -1 : (this.keyHashes[place] as number)
  }

  /** Bytes of key and value. */
  size(n: number): number {
    return this.sizes[n] as number
  }

  timeShiftMs(n: number): number {
    return this.timeShifts[n] as number
  }

  /** The id a script gives the record; null for a stream of records. */
  id(n: number): string | null {
    return this.ids[n] ?? null
  }

  /** Keeps the key of record n and returns its bytes. */
  private keep(n: number, text: string, known: Map<string, number>): number {
    let place = known.get(text)
    if (place === undefined) {
      place = known.size
      known.set(text, place)
      this.keyTexts.push(text)
      this.keyHashes.push(keyHash(text))
    }
    this.places[n] = place
    return utf8Length(text)
  }
}
