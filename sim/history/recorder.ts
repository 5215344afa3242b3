import type { Kernel } from '../kernel/kernel.ts'
import { CONTINUATION_KIND } from '../kernel/trace.ts'

/**
 * Sees moments as they happen. The integers are those of the catalogue's row; unused ones are 0. An observer must not
 * change the world.
 */
export interface MomentObserver {
  /** Kinds it wants to see. */
  readonly kinds: readonly number[]
  onMoment(
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
  ): void
}

/** Kinds of moments are below this. */
const KINDS = 256

/** Writes moments into the trace and shows them to observers: each is emitted once. */
export class Recorder {
  private readonly kernel: Kernel
  /** By kind; null for kinds that nobody watches. */
  private readonly observers: (MomentObserver[] | null)[] = Array.from({ length: KINDS }, () => null)
  /** How often each kind of moment occurred. */
  readonly counts: Float64Array = new Float64Array(KINDS)

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  observe(observer: MomentObserver): void {
    for (const kind of observer.kinds) (this.observers[kind] ??= []).push(observer)
  }

  /** A moment of up to four integers. */
  emit(kind: number, node: number, a: number, b: number, c: number, d: number): void {
    const { kernel } = this
    // Before observers see it, so that what they schedule has this moment as its cause.
    kernel.cause = kernel.trace.write(kernel.now, kernel.cause, kind, node, a, b, c, d)
    this.counts[kind] = (this.counts[kind] as number) + 1
    const observers = this.observers[kind] as MomentObserver[] | null
    if (observers !== null) this.show(observers, kind, node, a, b, c, d, 0, 0, 0, 0)
  }

  /** A moment of five to eight integers. */
  emitWide(
    kind: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
  ): void {
    const { kernel } = this
    const index = kernel.trace.write(kernel.now, kernel.cause, kind, node, a, b, c, d)
    kernel.trace.write(kernel.now, index, CONTINUATION_KIND, node, e, f, g, h)
    kernel.cause = index
    this.counts[kind] = (this.counts[kind] as number) + 1
    const observers = this.observers[kind] as MomentObserver[] | null
    if (observers !== null) this.show(observers, kind, node, a, b, c, d, e, f, g, h)
  }

  /** The number of a text in the trace. */
  text(text: string): number {
    return this.kernel.trace.text(text)
  }

  private show(
    observers: readonly MomentObserver[],
    kind: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
  ): void {
    const time = this.kernel.now
    for (const observer of observers) observer.onMoment(kind, time, node, a, b, c, d, e, f, g, h)
  }
}
