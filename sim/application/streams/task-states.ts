import { partitionOf, tpOf } from '../../history/ids.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { ConsumedRecord } from '../../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../../kafka/env.ts'
import type { Disk } from '../../storage/disk.ts'
import type { Counter } from '../processor-sends.ts'
import type { RecordValues } from '../record-values.ts'
import { ChangelogReader, type ChangelogReaderOptions, type ChangelogReaderOwner } from './changelog-reader.ts'
import { type CloseWay, StatefulTask, type TaskRules } from './stateful-task.ts'

export interface TaskStatesOptions extends ChangelogReaderOptions {
  readonly exactlyOnce: boolean
  /** The state directory. */
  readonly disk: Disk
  /** What changelog records hold. */
  readonly values: RecordValues
}

/** The thread whose tasks these are. */
export interface TaskStatesOwner {
  /** A task is to wait: its store is not restored. */
  onTaskWaits(tp: number): void
  /** It may work. */
  onTaskReady(tp: number): void
}

/** The stateful tasks of one stream thread: opened with their partitions, restored, counted into, and closed. */
export class TaskStates implements ChangelogReaderOwner, Counter {
  private readonly env: Env
  private readonly options: TaskStatesOptions
  private readonly owner: TaskStatesOwner
  private readonly reader: ChangelogReader
  private readonly tasks: Map<number, StatefulTask> = new Map()
  /** By number of a changelog record that was sent and is not acknowledged: its task. */
  private readonly unacked: Map<number, StatefulTask> = new Map()
  /** What tasks had written that are about to be revived, where that is not forgotten. */
  private readonly revived: Map<number, number> = new Map()
  private readonly rules: TaskRules

  /** @param quiet what its clients see of the world */
  constructor(env: Env, quiet: Env, options: TaskStatesOptions, owner: TaskStatesOwner) {
    this.env = env
    this.options = options
    this.rules = { exactlyOnce: options.exactlyOnce, uncleanStore: options.profile['streams.unclean-store'] }
    this.owner = owner
    this.reader = new ChangelogReader(quiet, options, this)
  }

  // --- the life of tasks --------------------------------------------------------------------------------------------

  open(tps: readonly number[]): void {
    const { env, options } = this
    const opened = tps.map((tp) => {
      const changelog = tpOf(options.changelog.topicId, partitionOf(tp))
      const collected = this.revived.get(tp)
      this.revived.delete(tp)
      return new StatefulTask(env, options.disk, tp, changelog, this.rules, collected)
    })
    for (const task of opened) {
      this.tasks.set(task.tp, task)
      this.owner.onTaskWaits(task.tp)
    }
    this.reader.restore(opened)
  }

  /** Closes those of these partitions that are open. */
  close(tps: readonly number[], way: CloseWay): void {
    for (const tp of tps) {
      const task = this.tasks.get(tp)
      if (task === undefined) continue
      this.tasks.delete(tp)
      if (way === 'corrupted' && this.options.profile['streams.written-offsets'] === 'kept')
        this.revived.set(tp, task.written)
      this.reader.forget(task)
      task.close(way)
    }
    for (const [record, task] of this.unacked) if (this.tasks.get(task.tp) !== task) this.unacked.delete(record)
  }

  closeAll(way: CloseWay): void {
    this.close([...this.tasks.keys()], way)
  }

  /** The positions of all tasks are committed. */
  committed(): void {
    for (const task of this.tasks.values()) task.committed()
  }

  get isIdle(): boolean {
    return this.reader.isIdle
  }

  isOpen(tp: number): boolean {
    return this.tasks.has(tp)
  }

  /** Tasks that are open, for the audit at the end of a run. */
  get all(): readonly StatefulTask[] {
    return [...this.tasks.values()]
  }

  // --- work ---------------------------------------------------------------------------------------------------------

  count({ tp, record }: ConsumedRecord, changelogRecord: number): number {
    const task = this.tasks.get(tp)
    if (task === undefined || record.key === null) throw new Error('a record without a task, or without a key')
    this.unacked.set(changelogRecord, task)
    const count = task.count(record.key, changelogRecord, record.record)
    this.options.values.set(changelogRecord, String(count))
    return count
  }

  onAcked(record: number, offset: number): void {
    this.unacked.get(record)?.onWritten(offset)
    this.unacked.delete(record)
  }

  // --- restoring ----------------------------------------------------------------------------------------------------

  onChangelogRecord(task: StatefulTask, { record, offset }: ConsumedRecord): void {
    if (record.key === null) return
    const count = Number(this.options.values.of(record.record))
    task.replay(record.key, { count, record: record.record }, offset)
  }

  onRestored(task: StatefulTask): void {
    task.restored()
    this.owner.onTaskReady(task.tp)
  }

  /** `handleCorruption`: its store is of no use, and is restored from the beginning. */
  onCorrupted({ tp }: StatefulTask): void {
    this.close([tp], 'corrupted')
    this.open([tp])
  }

  onMessage(envelope: Envelope): void {
    this.reader.client?.onMessage(envelope)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    this.reader.client?.onSignal(kind, connection, peer)
  }

  /** False when the timer is none of its own. */
  onTimer(kind: number, a: number, b: number): boolean {
    return this.reader.client?.onTimer(kind, a, b) ?? false
  }
}
