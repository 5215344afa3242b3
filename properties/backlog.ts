import type { MomentObserver } from '../sim/history/recorder.ts'

/** Moments that wait at most. */
const MOST = 512

/** Integers of a moment: kind, node, and eight of its own. */
const WIDTH = 10

/** What sees moments some time after they happened. */
type Reader = Pick<MomentObserver, 'onMoment'>

/**
 * Moments in the order in which they happened, waiting to be judged many at a time: judges and world are both larger than the
 * processor's caches, and taking turns at every moment costs more than the judging itself.
 */
export class Backlog {
  private readonly times: Float64Array = new Float64Array(MOST)
  private readonly integers: Int32Array = new Int32Array(MOST * WIDTH)
  private length = 0

  /** Keeps a moment; returns whether there is no room for another one. */
  add(
    kind: number,
    time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
  ): boolean {
    const { integers } = this
    const at = this.length * WIDTH
    this.times[this.length] = time
    integers[at] = kind
    integers[at + 1] = node
    integers[at + 2] = a
    integers[at + 3] = b
    integers[at + 4] = c
    integers[at + 5] = d
    integers[at + 6] = e
    integers[at + 7] = f
    integers[at + 8] = g
    integers[at + 9] = h
    return ++this.length === MOST
  }

  /** Shows what waits, and forgets it. */
  show(reader: Reader): void {
    const { times, integers, length } = this
    for (let moment = 0, at = 0; moment < length; moment++, at += WIDTH) {
      reader.onMoment(
        integers[at] as number,
        times[moment] as number,
        integers[at + 1] as number,
        integers[at + 2] as number,
        integers[at + 3] as number,
        integers[at + 4] as number,
        integers[at + 5] as number,
        integers[at + 6] as number,
        integers[at + 7] as number,
        integers[at + 8] as number,
        integers[at + 9] as number,
      )
    }
    this.length = 0
  }
}
