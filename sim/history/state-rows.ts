import { M, type Row } from './kinds.ts'

/** Moments of the local stores of Kafka Streams; `tp` is a task's changelog. */
export const STATE_ROWS: readonly Row[] = [
  [
    'state.opened',
    M.stateOpened,
    'a task opens its local store, whose checkpoint says up to which offset of the changelog it goes (-1: nothing says so); wiped: with exactly_once_v2 nobody could say what is in it, so it was emptied',
    'tp:tp offset:offset wiped:flag',
  ],
  [
    'state.replayed',
    M.stateReplayed,
    'a task puts a record of its changelog into its local store',
    'record:record tp:tp offset:offset',
  ],
  ['state.restored', M.stateRestored, 'a local store is restored, and its task begins to work', 'tp:tp offset:offset'],
  [
    'state.updated',
    M.stateUpdated,
    'a task counts an input in, and makes a record for its changelog; previous: the record that the key had in the store before, -1 without',
    'record:record input:record previous count tp:tp key:text',
  ],
  [
    'state.checkpointed',
    M.stateCheckpointed,
    'a task has flushed its store and writes down up to which offset of the changelog it goes',
    'tp:tp offset:offset',
  ],
  [
    'state.closed',
    M.stateClosed,
    'a task closes its local store: 0 in good order, 1 as it is, 2 as it is, and it is emptied',
    'tp:tp how',
  ],
]
