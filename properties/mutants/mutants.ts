import { APPLICATIONS_MUTANTS } from './applications.ts'
import { CONSUMER_MUTANTS } from './consumer.ts'
import { CONTROLLER_MUTANTS } from './controller.ts'
import { CORRUPTION_MUTANTS } from './corruption.ts'
import { GROUPS_MUTANTS } from './groups.ts'
import { HISTORY_MUTANTS } from './history.ts'
import { LOG_MUTANTS } from './log.ts'
import { MEMBER_EPOCH_MUTANTS } from './member-epochs.ts'
import type { Mutant } from './mutant.ts'
import { OWN_CODE_MUTANTS } from './own-code.ts'
import { PRODUCER_MUTANTS } from './producer.ts'
import { QUORUM_MUTANTS } from './quorum.ts'
import { REASSIGNMENT_MUTANTS } from './reassignments.ts'
import { REPLICATION_MUTANTS } from './replication.ts'
import { SEQUENCE_MUTANTS } from './sequences.ts'
import { SHARES_MUTANTS } from './shares.ts'
import { SOURCES_MUTANTS } from './sources.ts'
import { STORES_MUTANTS } from './stores.ts'
import { STREAMS_MUTANTS } from './streams.ts'
import { TOPICS_MUTANTS } from './topics.ts'
import { TRANSACTION_MUTANTS } from './transactions.ts'
import { TWO_PHASE_MUTANTS } from './two-phase.ts'

/** Every named mutant. What is built later adds its own. */
export const MUTANTS: readonly Mutant[] = [
  ...REPLICATION_MUTANTS,
  ...LOG_MUTANTS,
  ...CONTROLLER_MUTANTS,
  ...PRODUCER_MUTANTS,
  ...SEQUENCE_MUTANTS,
  ...GROUPS_MUTANTS,
  ...CONSUMER_MUTANTS,
  ...APPLICATIONS_MUTANTS,
  ...TRANSACTION_MUTANTS,
  ...STORES_MUTANTS,
  ...SHARES_MUTANTS,
  ...MEMBER_EPOCH_MUTANTS,
  ...STREAMS_MUTANTS,
  ...SOURCES_MUTANTS,
  ...QUORUM_MUTANTS,
  ...TWO_PHASE_MUTANTS,
  ...OWN_CODE_MUTANTS,
  ...HISTORY_MUTANTS,
  ...TOPICS_MUTANTS,
  ...REASSIGNMENT_MUTANTS,
  ...CORRUPTION_MUTANTS,
]
