import { M, matchableFields, momentOfKind } from '../../../sim/history/catalogue.ts'

/** Moments of consumers, groups and stores, which happen only where something reads, with the fields that a trigger may ask for. */
export const GROUP_MOMENTS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.values<number>(M).flatMap((kind) => {
    const moment = kind >= M.recordDelivered && kind <= M.workStarted ? momentOfKind(kind) : undefined
    return moment === undefined ? [] : [[moment.name, matchableFields(moment)]]
  }),
)
