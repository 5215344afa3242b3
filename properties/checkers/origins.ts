import type { Anomaly } from '../../scenarios/format/vocabulary.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Occurrence } from './occurrences.ts'

interface Place {
  readonly partition: number
  readonly offset: number
}

/** Where the ways of two occurrences part: the record that became two, and where it was read or lies. */
export interface Fork {
  readonly record: number
  /** Who worked on it twice. */
  readonly reader: number
  readonly places: readonly [Place, Place]
}

/** Follows two occurrences of the same thing back to where it first became two. */
export class Origins {
  private readonly consumption: Consumption

  constructor(consumption: Consumption) {
    this.consumption = consumption
  }

  /** What an occurrence is an effect of: the record that its reader read. */
  subjectOf(occurrence: Occurrence, reader: number): number {
    const { applications, lineage } = this.consumption
    if (applications.reader(reader).kind !== 'processor') return occurrence.record
    return lineage.inputOfRecord(occurrence.record)
  }

  forkOf(first: Occurrence, second: Occurrence, reader: number): Fork {
    const { lineage } = this.consumption
    let [a, b]: [Occurrence | Step, Occurrence | Step] = [first, second]
    let by = reader
    // The same output made twice: of the same record, or of two that are the same output themselves.
    while (a.record !== b.record && !lineage.isRoot(a.record) && !lineage.isRoot(b.record)) {
      by = lineage.readerOf(a.record)
      ;[a, b] = [this.inputOf(a.record), this.inputOf(b.record)]
    }
    return { record: a.record, reader: by, places: [placeOf(a), placeOf(b)] }
  }

  private inputOf(record: number): Step {
    const { lineage } = this.consumption
    return {
      record: lineage.inputOfRecord(record),
      partition: lineage.inputPartitionOf(record),
      offset: lineage.inputOffsetOf(record),
    }
  }

  /** Whether a log held a record twice, or somebody did the work on it twice. */
  ofDouble(first: Occurrence, second: Occurrence): Anomaly {
    const [one, other] = this.forkOf(first, second, -1).places
    const samePlace = one.partition === other.partition && one.offset === other.offset
    return samePlace ? 'duplicate-effect' : 'duplicate-record'
  }
}

interface Step extends Place {
  readonly record: number
}

function placeOf({ partition, offset }: Place): Place {
  return { partition, offset }
}
