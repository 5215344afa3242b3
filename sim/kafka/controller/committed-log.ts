import { M } from '../../history/catalogue.ts'
import type { Env } from '../env.ts'
import type { QuorumLog } from '../quorum/quorum-log.ts'
import { emitCommitted } from './controller-moments.ts'
import { ControllerDisk } from './metadata-log.ts'
import { TopicsImage } from './topics-image.ts'

/**
 * What a quorum has committed, whoever led it: for the fault injector, for reports, and for telling of every committed record
 * once. No node reads it.
 */
export class CommittedLog {
  readonly disk: ControllerDisk = new ControllerDisk()
  /** What names the log up to each offset; see `QuorumEntry`. */
  private readonly chains: number[] = []
  private topics: TopicsImage = new TopicsImage()

  /** The quorum stands when the run begins: everything in its log is committed, and nothing of it is told. */
  form(log: QuorumLog): void {
    this.take(log, log.endOffset)
  }

  /** A leader's log is committed up to an offset: tells what is new. */
  advance(env: Env, log: QuorumLog, end: number): void {
    if (!this.isPrefixOf(log, end)) {
      // What was committed is gone with the disks of voters: whoever follows the log begins anew.
      env.emit(M.metadataLost)
      this.disk.wipe()
      this.chains.length = 0
      this.topics = new TopicsImage()
      this.take(log, end)
      return
    }
    const { endOffset } = this.disk
    const fresh = log.read(endOffset, end).map(({ record }) => record)
    fresh.forEach((record, at) => {
      emitCommitted(env, fresh, at, this.topics)
      this.topics.replay(record)
      this.chains.push(log.entryAt(endOffset + at).chain)
    })
    if (fresh.length > 0) this.disk.append(fresh)
  }

  private take(log: QuorumLog, end: number): void {
    for (const { record, chain } of log.read(0, end)) {
      this.disk.append([record])
      this.topics.replay(record)
      this.chains.push(chain)
    }
  }

  private isPrefixOf(log: QuorumLog, end: number): boolean {
    const shared = Math.min(end, this.disk.endOffset)
    return shared === 0 || log.entryAt(shared - 1).chain === this.chains[shared - 1]
  }
}
