import type { Expectation } from '../scenarios/format/scenario.ts'
import type { Guarantee, Stage } from '../scenarios/format/vocabulary.ts'
import { GUARANTEES } from '../scenarios/format/vocabulary.ts'
import type { MomentObserver } from '../sim/history/recorder.ts'
import type { WorldSpec } from '../sim/spec.ts'
import type { FinalState } from '../sim/final-state.ts'
import { audit } from './audit.ts'
import { Backlog } from './backlog.ts'
import { CheckerMaker } from './checkers/maker.ts'
import type { Checker, RunEnd } from './checkers/checker.ts'
import { AnswerInvariants } from './invariants/answers.ts'
import { Breaches } from './invariants/breaches.ts'
import { CommittedLogInvariants } from './invariants/committed-log.ts'
import { EligibilityInvariants } from './invariants/eligibility.ts'
import { QuorumInvariants } from './invariants/quorum.ts'
import { HighWatermarkInvariants } from './invariants/high-watermark.ts'
import { LeadershipInvariants } from './invariants/leadership.ts'
import { LogInvariants } from './invariants/logs.ts'
import { MemberEpochInvariants } from './invariants/member-epochs.ts'
import { ReadingInvariants } from './invariants/reading.ts'
import { ShareLockInvariants } from './invariants/share-locks.ts'
import { StableOffsetInvariants } from './invariants/stable-offsets.ts'
import { TransactionInvariants } from './invariants/transactions.ts'
import { Coordinated, isTransactional } from './shadow/coordinated.ts'
import { Dispatcher } from './dispatcher.ts'
import { Consumption } from './shadow/consumption.ts'
import { Shadow } from './shadow/shadow.ts'
import type { Liveness } from './liveness/liveness.ts'
import type { Wait } from './liveness/wait.ts'
import { Situations } from './situations/situations.ts'
import { type InvariantBreach, NOTHING_TO_JUDGE, type Verdict } from './verdict.ts'

/** Only worlds with stateful steps have to do with them. */
function ofStates({ states, applications }: Consumption): readonly MomentObserver[] {
  return applications.readers.some(({ changelog }) => changelog >= 0) ? [states] : []
}

/** At most this many are handed out. */
const MOST_WAITS = 100

/**
 * Everybody who watches one run: the shadow first, the invariants always, and one checker for each guarantee that is
 * expected. Sees moments only, so that it can judge a recorded history as well.
 */
export class Court implements MomentObserver {
  readonly kinds: readonly number[]
  private readonly spec: WorldSpec
  private readonly expectations: readonly Expectation[]
  private readonly shadow: Shadow
  private readonly consumption: Consumption | null
  private readonly breaches: Breaches = new Breaches()
  /** By name: see {@link nameOf}. */
  private readonly checkers: ReadonlyMap<string, Checker>
  private readonly liveness: Liveness
  /** What happened and has not been judged yet, and who judges it. */
  private readonly backlog: Backlog = new Backlog()
  private readonly dispatcher: Dispatcher
  /** Null unless they are counted. */
  private readonly situations: Situations | null

  /** @param counting count hard situations too. */
  constructor(spec: WorldSpec, expectations: readonly Expectation[], counting: boolean = false) {
    this.spec = spec
    this.expectations = expectations
    this.shadow = new Shadow(spec)
    // Only a world in which somebody reads needs to know what readers do.
    this.consumption = this.shadow.applications.readers.length === 0 ? null : new Consumption(this.shadow)
    const coordinated = isTransactional(spec) ? new Coordinated(this.shadow) : null
    const makers = new CheckerMaker(spec, this.shadow, this.consumption, coordinated)
    this.liveness = makers.liveness
    this.checkers = checkersFor(expectations, makers)
    const highWatermarks = new HighWatermarkInvariants(this.shadow, this.breaches)
    const logs = new LogInvariants(this.shadow, this.breaches)
    const committedLog = new CommittedLogInvariants(this.shadow, this.breaches)
    const answers = new AnswerInvariants(this.shadow, this.breaches)
    this.situations = counting ? new Situations(this.shadow, this.consumption) : null
    const watchers = [
      ...(this.consumption === null
        ? []
        : [
            this.consumption,
            this.consumption.offsetsTopic,
            ...this.ofShares(this.consumption),
            ...ofStates(this.consumption),
          ]),
      logs,
      new LeadershipInvariants(this.shadow, this.breaches),
      new EligibilityInvariants(this.shadow, this.breaches),
      ...(spec.cluster.controllers > 1 ? [new QuorumInvariants(this.shadow, this.breaches)] : []),
      highWatermarks,
      committedLog,
      answers,
      ...(this.consumption === null ? [] : this.ofReaders(this.consumption, committedLog)),
      ...(coordinated === null ? [] : this.ofTransactions(coordinated)),
      ...(this.situations?.watchers ?? []),
      ...this.checkers.values(),
    ]
    this.dispatcher = new Dispatcher(this.shadow, { highWatermarks, logs, committedLog, answers }, watchers)
    this.kinds = this.dispatcher.kinds
  }

  /** What is seen counts from the next question on at the latest. */
  onMoment(
    kind: number,
    time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
  ): void {
    if (this.backlog.add(kind, time, node, a, b, c, d, e, f, g, h)) this.catchUp()
  }

  private ofReaders(consumption: Consumption, committedLog: CommittedLogInvariants): readonly MomentObserver[] {
    const reading = new ReadingInvariants(consumption, committedLog, this.breaches)
    const hasEpochs = consumption.applications.readers.some((reader) => reader.hasMemberEpochs)
    return hasEpochs ? [reading, new MemberEpochInvariants(consumption, this.breaches)] : [reading]
  }

  private ofTransactions(coordinated: Coordinated): readonly MomentObserver[] {
    return [
      coordinated,
      new StableOffsetInvariants(this.shadow, this.breaches),
      new TransactionInvariants(this.shadow, coordinated, this.breaches),
    ]
  }

  /** Only worlds with share groups have to do with them. */
  private ofShares({ shares, applications }: Consumption): readonly MomentObserver[] {
    const isAny = applications.readers.some(({ isShared }) => isShared)
    return isAny ? [shares, new ShareLockInvariants(this.shadow, this.breaches)] : []
  }

  private catchUp(): void {
    this.backlog.show(this.dispatcher)
  }

  /** One verdict per expectation, in their order. */
  verdicts(end: RunEnd): readonly Verdict[] {
    this.catchUp()
    this.consumption?.close()
    return this.expectations.map((expectation) => this.verdict(expectation, end))
  }

  /** Who waits for what, since when and by which rule, when the run did not settle; to be asked after the verdicts. */
  waiting(end: RunEnd): readonly Wait[] {
    this.catchUp()
    const { told, rest } = this.liveness.waits(end)
    const waits = [...told.map(({ wait }) => wait), ...rest]
    // Sends may be many, and most wait for what stands before them.
    const sends = waits.filter(({ kind }) => kind === 'stuck-send')
    return [...waits.filter(({ kind }) => kind !== 'stuck-send'), ...sends].slice(0, MOST_WAITS)
  }

  /** Broken invariants; with the world as it really is, also where moments did not tell the truth about it. */
  broken(end: RunEnd, final: Partial<FinalState>): readonly InvariantBreach[] {
    this.catchUp()
    audit(this.shadow, this.consumption, final, end.virtualUs, this.breaches)
    return this.breaches.all()
  }

  /** How often each hard situation occurred, by name; null when they were not counted. */
  reached(): Readonly<Record<string, number>> | null {
    this.catchUp()
    return this.situations?.reached() ?? null
  }

  private verdict(expectation: Expectation, end: RunEnd): Verdict {
    const { guarantee, subject } = expectation
    const stage = stageOf(expectation)
    const blank = { guarantee, stage, subject, judged: 0, violations: [], violationCount: 0, excused: false } as const
    const checker = this.checkers.get(nameOf(guarantee, stage))
    if (checker === undefined) return { ...blank, observed: 'unknown', reason: `${guarantee} is not judged yet` }
    const number = this.subjectNumber(guarantee, stage, subject)
    if (number === null) return { ...blank, observed: 'unknown', reason: NOTHING_TO_JUDGE }
    const { judged, violations, count, undecided, excused } = checker.rule(number, end)
    if (count > 0) return { ...blank, observed: 'violated', reason: null, judged, violations, violationCount: count }
    if (undecided !== null) return { ...blank, observed: 'unknown', reason: undecided, judged, excused }
    if (judged === 0) return { ...blank, observed: 'unknown', reason: NOTHING_TO_JUDGE }
    return { ...blank, observed: 'holds', reason: null, judged }
  }

  /** The subject as the checker numbers it: application or topic; -1 without one, null when it cannot be one. */
  private subjectNumber(guarantee: Guarantee, stage: Stage | null, subject: string | null): number | null {
    if (subject === null) return -1
    const { applications } = this.shadow
    if (GUARANTEES.find((candidate) => candidate.name === guarantee)?.subject === 'topic') {
      const topic = this.spec.topics.findIndex((candidate) => candidate.name === subject)
      return topic < 0 ? null : topic + 1
    }
    const application = applications.names.indexOf(subject)
    if (application < 0) return null
    // Effects of consuming are those of applications that read.
    return stage === 'consume' && applications.isProducer(application) ? null : application
  }
}

/** The stage that is judged: end-to-end unless the scenario names another. */
function stageOf(expectation: Expectation): Stage | null {
  const stages = GUARANTEES.find((candidate) => candidate.name === expectation.guarantee)?.stages ?? []
  return stages.length === 0 ? null : (expectation.stage ?? 'end-to-end')
}

/** A checker's name: a staged guarantee is another promise at each stage. */
function nameOf(guarantee: Guarantee, stage: Stage | null): string {
  return stage === null ? guarantee : `${stage}/${guarantee}`
}

function checkersFor(expectations: readonly Expectation[], makers: CheckerMaker): ReadonlyMap<string, Checker> {
  const checkers = new Map<string, Checker>()
  for (const expectation of expectations) {
    const stage = stageOf(expectation)
    const name = nameOf(expectation.guarantee, stage)
    if (checkers.has(name)) continue
    const checker = makers.make(expectation.guarantee, stage)
    if (checker !== null) checkers.set(name, checker)
  }
  return checkers
}
