import { M } from '../history/catalogue.ts'
import type { NodeHandler } from '../kernel/node.ts'
import { SHUT_DOWN } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import { MOMENT_HAPPENED } from './process-host.ts'
import { ProducerThread, STEP, STOP } from './producer-thread.ts'

/**
 * One instance of a producer application: the life of the process around its {@link ProducerThread}. What it must remember
 * across crashes stands in its journal.
 */
export class ProducerProcess extends ProducerThread implements NodeHandler {
  /** Nothing more to send, and the application waits for no outcome. */
  isIdle(): boolean {
    return this.book.isSettled && !this.hasMoreToStart()
  }

  /** No new record starts from now on; begun ones go on. */
  stopWork(): void {
    this.stopped = true
    this.script.stop()
    this.stream.stop()
    // What was begun goes on: a transaction is ended.
    this.work()
    this.checkDone()
  }

  /** A clean stop: close the producer, then leave ({@link ProcessHost.exited}). */
  shutDown(): void {
    if (this.shuttingDown) return
    this.shuttingDown = true
    this.script.stop()
    if (this.producer === null || this.journal.closed) this.host.exited(this.env.node)
    else this.producer.close()
  }

  // --- NodeHandler --------------------------------------------------------------------------------------------------

  onStart(): void {
    const { env, options } = this
    const now = env.monotonic()
    this.stream.recover()
    this.book.recover()
    if (options.stopUs !== null && now >= options.stopUs) this.stopped = true
    else if (options.stopUs !== null) env.setTimer(STOP, options.stopUs - now)
    if (now < options.startUs) env.setTimer(STEP, options.startUs - now)
    else this.begin()
  }

  onMessage(message: unknown): void {
    this.producer?.onMessage(message as Envelope)
    this.sender.rows?.onMessage(message as Envelope)
    this.checkDone()
  }

  onSignal(kind: number, a: number, b: number): void {
    if (kind === MOMENT_HAPPENED) this.onMoment()
    else if (kind === SHUT_DOWN) this.shutDown()
    else {
      this.producer?.onSignal(kind, a, b)
      this.sender.rows?.onSignal(kind, a)
    }
    this.checkDone()
  }

  onTimer(kind: number, a: number, b: number): void {
    if (kind === STOP) this.stopWork()
    else this.onThreadTimer(kind, a, b)
    this.checkDone()
  }

  onDisk(_kind: number, _a: number, _b: number, _payload: unknown): void {}

  waiting(): readonly string[] {
    const { awaits } = this.script
    if (awaits !== null) return [`the moment ${awaits.moment}`]
    return [...(this.sender.rows?.waiting() ?? []), ...(this.producer?.waiting() ?? [])]
  }

  private checkDone(): void {
    if (this.journal.done || !this.isIdle()) return
    this.journal.done = true
    this.env.emit(M.workloadDone)
  }
}
