import { EVERY_OPERATION, IoOperation } from '../storage/io-failures.ts'
import type { FaultHost } from './host.ts'
import type { Action } from './plan.ts'

export type DiskFailure = Extract<Action, { readonly kind: 'disk-error' | 'disk-full' }>

/** The fault begins at a node. What comes of it is seen when the node next uses its disk. */
export function failDisk(host: FaultHost, node: number, action: DiskFailure): void {
  host.failDisk(node, operationsOf(action), action.directory)
}

export function mendDisk(host: FaultHost, node: number, action: DiskFailure): void {
  host.mendDisk(node, operationsOf(action), action.directory)
}

export function isDiskFailure(action: Action): action is DiskFailure {
  return action.kind === 'disk-error' || action.kind === 'disk-full'
}

function operationsOf(action: DiskFailure): number {
  if (action.kind === 'disk-full') return IoOperation.write
  switch (action.of) {
    case 'everything':
      return EVERY_OPERATION
    case 'reads':
      return IoOperation.read
    case 'writes':
      return IoOperation.write
    case 'flushes':
      return IoOperation.flush
  }
}
