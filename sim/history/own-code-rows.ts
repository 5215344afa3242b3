import { M, type Row } from './kinds.ts'

/** What the user's own code says; its other moments stand among those of groups. */
export const OWN_CODE_ROWS: readonly Row[] = [
  [
    'handler.routed',
    M.handlerRouted,
    "a user's handler that may write to several topics names the topic of an output, by its id",
    'record:record index to',
  ],
  [
    'handler.keyed',
    M.handlerKeyed,
    "a user's handler in a sink names the key under which something is to be written",
    'record:record key:text',
  ],
]
