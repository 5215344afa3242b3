import { Errors } from '../protocol/errors.ts'

/** What became of a batch that a client wanted appended. One object per log, overwritten by its next append. */
export class AppendResult {
  errorCode: number = Errors.NONE
  /** Offsets of the batch, for a duplicate those of the original; -1 with an error. */
  baseOffset = -1
  lastOffset = -1
  /** Recognised as already written: success, and nothing was appended. */
  duplicate = false

  accepted(baseOffset: number, lastOffset: number, duplicate: boolean): this {
    this.errorCode = Errors.NONE
    this.baseOffset = baseOffset
    this.lastOffset = lastOffset
    this.duplicate = duplicate
    return this
  }

  refused(errorCode: number): this {
    this.errorCode = errorCode
    this.baseOffset = -1
    this.lastOffset = -1
    this.duplicate = false
    return this
  }
}
