/** Names of guarantees, stages and anomalies as data; what each means is settled in `docs/guarantees.md` and `properties/`. */

export type Stage = 'publish' | 'consume' | 'end-to-end'
export const STAGES: readonly Stage[] = ['publish', 'consume', 'end-to-end']

export type Guarantee =
  | 'at-most-once'
  | 'at-least-once'
  | 'exactly-once'
  | 'durability'
  | 'committed-durability'
  | 'no-ghosts'
  | 'outcome-honesty'
  | 'order-per-key'
  | 'order-per-partition'
  | 'atomicity'
  | 'isolation'
  | 'fencing'
  | 'replica-agreement'
  | 'offset-safety'
  | 'single-owner'
  | 'state-equivalence'
  | 'progress'

export type Anomaly =
  | 'duplicate-record'
  | 'duplicate-effect'
  | 'lost-record'
  | 'lost-effect'
  | 'given-up-effect'
  | 'lost-acked-write'
  | 'lost-committed-write'
  | 'ghost-record'
  | 'ghost-effect'
  | 'false-ack'
  | 'false-failure'
  | 'reordered-records'
  | 'reordered-effects'
  | 'torn-transaction'
  | 'aborted-read'
  | 'uncommitted-read'
  | 'zombie-write'
  | 'zombie-commit'
  | 'diverged-replicas'
  | 'offset-past-work'
  | 'offset-regressed'
  | 'double-ownership'
  | 'diverged-state'
  | 'stale-overwrite'
  | 'stuck-send'
  | 'stuck-transaction'
  | 'stuck-group'
  | 'stuck-replication'
  | 'deadlock'

/** Of whom a guarantee is judged that nobody else can break: who reads, who is in a group, whose group hands out partitions. */
export type ReaderKind =
  | 'reader'
  | 'ordered'
  | 'member'
  | 'subscriber'
  | 'committed-reader'
  | 'transactional'
  | 'fenced'
  | 'storing'

export type SubjectKind = 'producer' | 'application' | 'topic' | 'none'

export interface GuaranteeDefinition {
  readonly name: Guarantee
  readonly about: string
  readonly kinds: readonly Anomaly[]
  /** Stages at which it can be judged; empty = it has no stage. */
  readonly stages: readonly Stage[]
  /** What may stand before the colon. For a staged guarantee: producers at `publish`, applications otherwise. */
  readonly subject: SubjectKind
  /** Set when it is judged of applications that read only; then it needs one of this kind. */
  readonly of?: ReaderKind
  /** False while its judge is not built: a scenario that names it is refused. */
  readonly judged: boolean
}

const ALL = STAGES
export const GUARANTEES: readonly GuaranteeDefinition[] = [
  {
    name: 'at-most-once',
    about: 'nothing takes effect twice',
    kinds: ['duplicate-record', 'duplicate-effect'],
    stages: ALL,
    subject: 'application',
    judged: true,
  },
  {
    name: 'at-least-once',
    about: 'every acknowledged record takes effect',
    kinds: ['lost-record', 'lost-effect', 'given-up-effect'],
    stages: ALL,
    subject: 'application',
    judged: true,
  },
  {
    name: 'exactly-once',
    about: 'every acknowledged record takes effect once and only once',
    kinds: ['lost-record', 'lost-effect', 'given-up-effect', 'duplicate-record', 'duplicate-effect'],
    stages: ALL,
    subject: 'application',
    judged: true,
  },
  {
    name: 'durability',
    about: "an acknowledged record stays in the leader's log",
    kinds: ['lost-acked-write'],
    stages: [],
    subject: 'topic',
    judged: true,
  },
  {
    name: 'committed-durability',
    about: 'a record once below the high watermark stays in the log',
    kinds: ['lost-committed-write'],
    stages: [],
    subject: 'topic',
    judged: true,
  },
  {
    name: 'no-ghosts',
    about: 'everything delivered was sent and is in the committed log',
    kinds: ['ghost-record', 'ghost-effect'],
    stages: [],
    subject: 'application',
    of: 'reader',
    judged: true,
  },
  {
    name: 'outcome-honesty',
    about: 'acknowledged means appended, failed means never readable',
    kinds: ['false-ack', 'false-failure'],
    stages: [],
    subject: 'producer',
    judged: true,
  },
  {
    name: 'order-per-key',
    about: 'first occurrences follow the order of sending, per key',
    kinds: ['reordered-records', 'reordered-effects'],
    stages: [],
    subject: 'application',
    of: 'ordered',
    judged: true,
  },
  {
    name: 'order-per-partition',
    about: 'first occurrences follow the order of sending, per partition',
    kinds: ['reordered-records', 'reordered-effects'],
    stages: [],
    subject: 'producer',
    judged: true,
  },
  {
    name: 'atomicity',
    about: 'a transaction is visible all or none',
    kinds: ['torn-transaction'],
    stages: [],
    subject: 'application',
    of: 'transactional',
    judged: true,
  },
  {
    name: 'isolation',
    about: 'read_committed never returns aborted or open data',
    kinds: ['aborted-read', 'uncommitted-read'],
    stages: [],
    subject: 'application',
    of: 'committed-reader',
    judged: true,
  },
  {
    name: 'fencing',
    about: 'no success for an older epoch after a newer one',
    kinds: ['zombie-write', 'zombie-commit'],
    stages: [],
    subject: 'application',
    of: 'fenced',
    judged: true,
  },
  {
    name: 'replica-agreement',
    about: 'equal offset and epoch mean equal content on every replica',
    kinds: ['diverged-replicas'],
    stages: [],
    subject: 'topic',
    judged: true,
  },
  {
    name: 'offset-safety',
    about: 'a committed offset never passes unfinished work',
    kinds: ['offset-past-work', 'offset-regressed'],
    stages: [],
    subject: 'application',
    of: 'member',
    judged: true,
  },
  {
    name: 'single-owner',
    about: 'no partition has two owners in one generation',
    kinds: ['double-ownership'],
    stages: [],
    subject: 'application',
    of: 'subscriber',
    judged: true,
  },
  {
    name: 'state-equivalence',
    about: 'a store shows what the committed log makes of it',
    kinds: ['diverged-state', 'stale-overwrite'],
    stages: [],
    subject: 'application',
    of: 'storing',
    judged: true,
  },
  {
    name: 'progress',
    about: 'after healing everything finishes',
    kinds: ['stuck-send', 'stuck-transaction', 'stuck-group', 'stuck-replication', 'deadlock'],
    stages: [],
    subject: 'none',
    judged: true,
  },
]
