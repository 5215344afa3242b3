import type { MessagePort } from 'node:worker_threads'
import type { RunResult } from '../../properties/verdict.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { JudgeOptions } from '../pool/judge.ts'
import type { OwnHandler } from './handlers-of.ts'
import type { ModuleContent } from './module-content.ts'

/** What a room is asked for. */
export type ToRoom =
  /** Judge a run. */
  | {
      readonly kind: 'judge'
      readonly judgeModule: string
      readonly scenario: Scenario
      readonly run: number
      readonly options: JudgeOptions
    }
  /** Import a scenario module and tell what it exports. */
  | { readonly kind: 'describe'; readonly path: string; readonly shown: string }
  /** Import handlers, to see whether they are there. */
  | { readonly kind: 'import'; readonly handlers: readonly OwnHandler[] }

export type FromRoom =
  | { readonly kind: 'judged'; readonly result: RunResult }
  | { readonly kind: 'described'; readonly content: ModuleContent }
  | { readonly kind: 'imported' }
  /** Something that the user wrote cannot be taken; `isOver` when the thread ends with it. */
  | { readonly kind: 'mistake'; readonly message: string; readonly help: string | null; readonly isOver?: true }
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string | null }

export interface RoomData {
  readonly port: MessagePort
  readonly cells: SharedArrayBuffer
}

/** Cells that a room shares with whoever waits for it. */
export const CELL = {
  /** Answers given. */
  answers: 0,
  /** How often the user's code was entered; its modules count. */
  entries: 1,
  /** What it is in: 0 nothing of the user's, 1 a module, n + 2 the n-th handler of the scenario. */
  inside: 2,
  /** 1 once it listens. */
  open: 3,
  /** In a mutated copy of the package, 1 once the patched place was reached. */
  mutated: 4,
} as const
export const CELLS = 5

/** A thread's global, as mutants mark it. */
export type Marked = Record<string, unknown>

export const IN_MODULE = 1
export const IN_HANDLER = 2
