import type { Violation } from '../verdict.ts'

/** At most this many violations of a subject are kept. */
export const MOST_KEPT = 100

interface Bucket {
  count: number
  readonly kept: Violation[]
}

/** Violations by subject (number of an application, id of a topic), found in the order of time. */
export class Findings {
  private readonly buckets: Map<number, Bucket> = new Map()

  /** Counts a violation and says whether it is one of those to be kept, so that words are made only for these. */
  wants(subject: number): boolean {
    const bucket = this.bucketOf(subject)
    bucket.count++
    return bucket.kept.length < MOST_KEPT
  }

  keep(subject: number, violation: Violation): void {
    this.bucketOf(subject).kept.push(violation)
  }

  private bucketOf(subject: number): Bucket {
    const known = this.buckets.get(subject)
    if (known !== undefined) return known
    const bucket: Bucket = { count: 0, kept: [] }
    this.buckets.set(subject, bucket)
    return bucket
  }

  /** Those of one subject, or of all when it is -1: the first ones in time. */
  of(subject: number): { readonly violations: readonly Violation[]; readonly count: number } {
    return this.ofAll(subject === -1 ? [...this.buckets.keys()] : [subject])
  }

  /** Those of some subjects. */
  ofAll(subjects: readonly number[]): { readonly violations: readonly Violation[]; readonly count: number } {
    const buckets = [...this.buckets].filter(([of]) => subjects.includes(of)).map(([, bucket]) => bucket)
    const violations = buckets.flatMap((bucket) => bucket.kept).sort((a, b) => a.atUs - b.atUs)
    return { violations: violations.slice(0, MOST_KEPT), count: buckets.reduce((sum, bucket) => sum + bucket.count, 0) }
  }
}
