import { LOG_MUTANTS } from './log.ts'
import type { Mutant } from './mutant.ts'
import { REPLICATION_MUTANTS } from './replication.ts'

/** Every named mutant. What is built later adds its own. */
export const MUTANTS: readonly Mutant[] = [...REPLICATION_MUTANTS, ...LOG_MUTANTS]
