import type { Mutant } from './mutant.ts'
import { CLIENT_MUTANTS } from './transaction-clients.ts'
import { COORDINATOR_MUTANTS } from './transaction-coordinator.ts'
import { OFFSET_MUTANTS, PARTITION_MUTANTS } from './transaction-logs.ts'

/** Transactions: coordinator, partitions, offsets and clients. */
export const TRANSACTION_MUTANTS: readonly Mutant[] = [
  ...COORDINATOR_MUTANTS,
  ...PARTITION_MUTANTS,
  ...OFFSET_MUTANTS,
  ...CLIENT_MUTANTS,
]
