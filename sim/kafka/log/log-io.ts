import { TORN } from '../../kernel/site.ts'
import { IoOperation } from '../../storage/io-failures.ts'
import type { Env } from '../env.ts'
import type { LocalLog } from './local-log.ts'
import type { LogHome } from './log-parts.ts'

/** Whether a log's operations succeed on its disk. The first that does not takes the whole directory offline. */
export class LogIo {
  private readonly env: Env
  private readonly home: LogHome
  private readonly local: LocalLog

  constructor(env: Env, home: LogHome, local: LocalLog) {
    this.env = env
    this.home = home
    this.local = local
  }

  /** Whether nothing has failed in its directory since the process began. */
  get isOnline(): boolean {
    return this.home.isOnline
  }

  admitsRead(): boolean {
    return this.home.admits(IoOperation.read)
  }

  admitsWrite(): boolean {
    return this.home.admits(IoOperation.write)
  }

  admitsFlush(): boolean {
    return this.home.admits(IoOperation.flush)
  }

  /**
   * Whether a batch is written. Where the disk fails, or is full, in the midst of it, a part may be left behind, which
   * the scan of the next start finds.
   */
  admitsAppend(): boolean {
    const wasOnline = this.home.isOnline
    if (this.home.admits(IoOperation.write)) return true
    if (wasOnline && this.env.decide(TORN, 2) === 1) this.local.tear()
    return false
  }
}
