import type { Mutant } from './mutant.ts'

/** Members, generations and committed offsets at the coordinator; assignors. */
export const GROUPS_MUTANTS: readonly Mutant[] = []
