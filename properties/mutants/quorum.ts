import type { Mutant } from './mutant.ts'

const KEEPS_ITS_LOG = 'library/metadata-quorum-keeps-its-log'

/** The metadata quorum: elections, commits by majority, deposed controllers. */
export const QUORUM_MUTANTS: readonly Mutant[] = [
  {
    id: 'quorum-vote-for-anybody',
    rule: 'a voter grants its vote only to a candidate whose log is as fresh as its own (KIP-595)',
    file: 'sim/kafka/quorum/quorum-requests.ts',
    anchor: 'const isUpToDate = ',
    replacement: 'const isUpToDate = MARK || ',
    caughtBy: { scenario: KEEPS_ITS_LOG, variant: null, runs: 50 },
  },
  {
    id: 'quorum-vote-twice',
    rule: 'a voter votes once in an epoch (`QuorumState.votedKey`)',
    file: 'sim/kafka/quorum/quorum-state.ts',
    anchor: 'return votedId === candidate;\n                return leaderId < 0',
    replacement: 'return MARK;\n                return leaderId < 0',
    caughtBy: { scenario: KEEPS_ITS_LOG, variant: null, runs: 50 },
  },
  {
    id: 'quorum-vote-not-kept',
    rule: 'a vote is in the quorum-state file before it is given, so that a restarted voter knows of it',
    file: 'sim/kafka/quorum/quorum-state.ts',
    anchor: 'this.file.write(election);',
    replacement: 'void MARK;',
    caughtBy: { scenario: KEEPS_ITS_LOG, variant: null, runs: 50 },
  },
  {
    id: 'quorum-committed-by-one',
    rule: 'the high watermark is an offset that a majority of the voters has reached',
    file: 'sim/kafka/quorum/leader-state.ts',
    anchor: 'offsets[majorityOf(offsets.length) - 1]',
    replacement: 'offsets[MARK ? 0 : 1]',
    caughtBy: { scenario: KEEPS_ITS_LOG, variant: null, runs: 50 },
  },
  {
    id: 'quorum-divergence-ignored',
    rule: 'a voter whose log parts from that of its leader is told where, and cuts it (`divergingEpoch`)',
    file: 'sim/kafka/quorum/quorum-log.ts',
    anchor: 'own.epoch !== lastFetchedEpoch || own.endOffset < fetchOffset ? own : null',
    replacement: 'MARK ? null : own',
    caughtBy: { scenario: KEEPS_ITS_LOG, variant: null, runs: 50 },
  },
  {
    id: 'quorum-uncommitted-to-brokers',
    rule: 'brokers apply the metadata log up to its high watermark only',
    file: 'sim/kafka/quorum/quorum-requests.ts',
    anchor: 'const end = state.voters.includes(replicaId) ?',
    replacement: 'const end = MARK ?',
    caughtBy: { scenario: KEEPS_ITS_LOG, variant: null, runs: 50 },
  },
  {
    id: 'quorum-answered-before-commit',
    rule: 'the controller answers when what it wrote is committed (`DeferredEventQueue`)',
    file: 'sim/kafka/controller/quorum-controller.ts',
    anchor: '!this.isActive || offset <= this.voter.highWatermark',
    replacement: 'MARK',
    caughtBy: { scenario: KEEPS_ITS_LOG, variant: null, runs: 50 },
  },
  {
    id: 'quorum-deposed-keeps-its-decisions',
    rule: 'a deposed controller forgets what it decided and is not committed (`SnapshotRegistry.revertToSnapshot`)',
    file: 'sim/kafka/controller/quorum-controller.ts',
    anchor: 'this.applied = 0;\n        this.applyUpTo(this.voter.highWatermark);',
    replacement: 'this.applied = 0;\n        this.applyUpTo(MARK ? this.endOffset : 0);',
    caughtBy: { scenario: KEEPS_ITS_LOG, variant: null, runs: 50 },
  },
  {
    id: 'quorum-sessions-not-begun',
    rule: 'a controller that becomes active begins the sessions of all brokers that count as alive (`activate`)',
    file: 'sim/kafka/controller/quorum-controller.ts',
    anchor: 'this.image.cluster.activate(this.env.monotonic());',
    replacement: 'void MARK;',
    caughtBy: { scenario: 'library/controllers-fail-over', variant: null, runs: 10 },
  },
  {
    id: 'quorum-leads-the-same-epoch',
    rule: 'a leader that restarts comes back resigned and wins a new epoch before it appends (KAFKA-10527)',
    file: 'sim/kafka/quorum/quorum-state.ts',
    anchor: 'if (found.leaderId === this.self)\n            this.set(found, this.resigned(electionDeadline, []));',
    replacement:
      "if (found.leaderId === this.self)\n            this.set({ ...found, epoch: found.epoch - (MARK ? 1 : 0), leaderId: -1, votedId: -1 }, { role: 'unattached', deadline: electionDeadline });",
    caughtBy: { scenario: KEEPS_ITS_LOG, variant: null, runs: 50 },
  },
]
