import type { TimerHandle } from '../../kernel/kernel.ts'
import { ms } from '../../kernel/time.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { MetadataFetchRequest } from '../protocol/messages.ts'

/** What fetches of the metadata log are answered from. */
export interface FetchedLog {
  /** Whether the answer would tell anything that the request does not know. */
  hasNews(fetch: MetadataFetchRequest): boolean
  answerOf(fetch: MetadataFetchRequest): object
}

/** A fetch of the metadata log that waits for records, and what came in behind it on the same connection. */
class ParkedFetch {
  readonly request: Envelope
  readonly timer: TimerHandle
  readonly behind: Envelope[] = []

  constructor(request: Envelope, timer: TimerHandle) {
    this.request = request
    this.timer = timer
  }
}

/**
 * The long polls of the metadata log. One that is at the log's end is parked until records come or its wait is
 * over; meanwhile what follows on its connection waits too, as the socket server works one request of a connection at a
 * time and answers in order. Whoever ends a poll gets those requests back and must work them.
 */
export class MetadataFetches {
  private readonly env: Env
  private readonly log: FetchedLog
  private readonly timerKind: number
  /** By connection, in the order in which they were parked. */
  private readonly parked: Map<number, ParkedFetch> = new Map()

  /** `timerKind`: the kind of the timers that end a wait; they carry the connection. */
  constructor(env: Env, log: FetchedLog, timerKind: number) {
    this.env = env
    this.log = log
    this.timerKind = timerKind
  }

  /** Queues a request behind the poll that its connection is busy with; false when there is none. */
  queue(request: Envelope): boolean {
    const busy = this.parked.get(request.connection)
    if (busy === undefined) return false
    busy.behind.push(request)
    return true
  }

  /** Answers a poll, or parks it for up to its `maxWaitMs`. */
  fetch(request: Envelope): void {
    const body = request.body as MetadataFetchRequest
    if (body.maxWaitMs <= 0 || this.log.hasNews(body)) {
      this.answer(request)
      return
    }
    const timer = this.env.setTimer(this.timerKind, ms(body.maxWaitMs), request.connection)
    this.parked.set(request.connection, new ParkedFetch(request, timer))
  }

  /** The connection's poll has waited long enough: answers it. Returns what waited behind it. */
  timedOut(connection: number): readonly Envelope[] {
    const fetch = this.parked.get(connection)
    return fetch === undefined ? [] : this.finish(fetch)
  }

  /** Answers the first poll for which the log holds something by now; null when there is none. */
  answerReady(): readonly Envelope[] | null {
    for (const fetch of this.parked.values()) {
      if (!this.log.hasNews(fetch.request.body as MetadataFetchRequest)) continue
      this.env.cancel(fetch.timer)
      return this.finish(fetch)
    }
    return null
  }

  /** The connection is gone: forgets its poll. Returns what waited behind it. */
  drop(connection: number): readonly Envelope[] {
    const fetch = this.parked.get(connection)
    if (fetch === undefined) return []
    this.env.cancel(fetch.timer)
    this.parked.delete(connection)
    return fetch.behind
  }

  private finish(fetch: ParkedFetch): readonly Envelope[] {
    this.parked.delete(fetch.request.connection)
    this.answer(fetch.request)
    return fetch.behind
  }

  private answer(request: Envelope): void {
    this.env.reply(request, this.log.answerOf(request.body as MetadataFetchRequest))
  }
}
