import type { ReaderProcessOptions } from './reader-options.ts'

/** What an application does with records of a share group that it cannot process. */
export interface ShareOutcomes {
  /** Of a thousand deliveries, so many are released: somebody may try again. */
  readonly releasePerMille: number
  /** Of a thousand deliveries, so many are rejected: nobody tries again. */
  readonly rejectPerMille: number
}

/** One instance of a consumer in a share group. */
export interface ShareProcessOptions extends ReaderProcessOptions {
  readonly outcomes: ShareOutcomes
  readonly memberId: string
}
