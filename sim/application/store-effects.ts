/** What a store did with a record, as `effect.applied` tells it. */
export const INSERTED = 1
export const CHANGED = 2
export const INCREMENTED = 3
/** The store shows what it showed before. */
export const UNCHANGED = 4
/** An endpoint was called. */
export const CALLED = 5
/** The record stands in a file under its final name. */
export const FILED = 6

/** Why a record was refused, as `effect.refused` tells it. */
export const GENERATION_FENCE = 1
export const OFFSET_FENCE = 2
/** The store remembers that it has done this. */
export const REMEMBERED = 3
