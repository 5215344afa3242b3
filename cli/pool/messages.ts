import type { RunResult } from '../../properties/verdict.ts'
import type { AgendaOrder, RunTask } from './tasks.ts'

/** What a worker is started with. Scenarios cross once, here. */
export interface WorkerData {
  readonly judgeModule: string
  readonly tasks: readonly RunTask[]
  readonly order: AgendaOrder
  readonly board: SharedArrayBuffer
  /** This worker's place on the board. */
  readonly worker: number
}

/** `order` is echoed, so that what a worker still sends of an order given up is told apart. */
export type ToWorker =
  /** Take runs from the board until none is left. */
  | { readonly kind: 'work'; readonly order: number }
  /** Judge exactly these items again. */
  | { readonly kind: 'repeat'; readonly order: number; readonly items: readonly number[] }

export type FromWorker =
  | { readonly kind: 'outcomes'; readonly order: number; readonly outcomes: readonly Outcome[] }
  /** The order is done; the worker waits for the next. */
  | { readonly kind: 'idle'; readonly order: number }

export type Outcome =
  | { readonly kind: 'judged'; readonly index: number; readonly result: RunResult }
  | { readonly kind: 'failed'; readonly index: number; readonly message: string; readonly stack: string | null }
  /** What the user wrote cannot be taken. */
  | { readonly kind: 'refused'; readonly index: number; readonly message: string; readonly help: string | null }
