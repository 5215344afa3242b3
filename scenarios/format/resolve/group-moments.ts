import { M, matchableFields, momentOfKind, MOMENTS } from '../../../sim/history/catalogue.ts'

const KNOWN: ReadonlySet<number> = new Set(MOMENTS.map((moment) => moment.kind))

/** Moments of consumers and groups with the fields that a trigger may ask for: those that the catalogue does not list yet. */
export const GROUP_MOMENTS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.values<number>(M).flatMap((kind) => {
    const moment = KNOWN.has(kind) ? undefined : momentOfKind(kind)
    return moment === undefined ? [] : [[moment.name, matchableFields(moment)]]
  }),
)
