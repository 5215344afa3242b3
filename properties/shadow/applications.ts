import { type NodeRole, nodesOf } from '../../sim/layout.ts'
import type { ProducerConfig } from '../../sim/kafka/protocol/config/producer.ts'
import type { ConsumerSpec, ProcessorSpec, ReaderSpec, SinkSpec, WorldSpec } from '../../sim/spec.ts'
import type { Partitions } from './partitions.ts'

/** Number of the output of a stateful step that its changelog keeps; nobody but the application reads it. */
export const LOGGED = 1

/** What a reader's effects are: work done, records of its own, or what a store shows. */
export type ReaderKind = 'consumer' | 'processor' | 'sink'

/**
 * Who consumes: all applications of one group together, for a group shares the work; an application without a group alone.
 */
export interface Reader {
  readonly kind: ReaderKind
  /** `group billing`, or the application where there is none. */
  readonly group: string
  /** `group.id`, '' without. */
  readonly groupId: string
  /** Names of its applications. */
  readonly name: string
  /** By number of partition: whether it reads there. */
  readonly reads: readonly boolean[]
  /** By topic id: whether it publishes there. */
  readonly writes: readonly boolean[]
  /** Topics it publishes to, by id, in its own order. */
  readonly to: readonly number[]
  /** Outputs of one record: 0 for what is no processor; `told` by `handler.finished` where the user's own code makes them. */
  readonly outputs: number | 'told'
  /** Topic id of the changelog behind its local stores, -1 without; output {@link LOGGED} goes there. */
  readonly changelog: number
  /** Its store by name, '' without. */
  readonly store: string
  readonly fence: SinkSpec['fence']
  /** How it writes; null for what is no sink. */
  readonly write: SinkSpec['write'] | null
  /** Whether a handler of the user's own says which records it writes, and under which keys (`handler.finished`, `handler.keyed`). */
  readonly asksItsHandler: boolean
  /** Whether its store remembers records, and takes each once. */
  readonly deduplicates: boolean
  /** Whether the group assigns its partitions, to some instance at least. */
  readonly subscribes: boolean
  /** Whether members have epochs of their own, which may differ at one time: some of them speak the consumer protocol (KIP-848). */
  readonly hasMemberEpochs: boolean
  /** Whether none of its applications has a reset policy (`auto.offset.reset=none`) or positions of its own in a store. */
  readonly resetsNothing: boolean
  /** Whether it is a share group (KIP-932): it has no positions, and promises no order. */
  readonly isShared: boolean
  /** Whether it follows a script, so that where it stops is no failure. */
  readonly isScripted: boolean
  /** Whether its script moves positions or commits named offsets: then moving back is asked for. */
  readonly asksForOffsets: boolean
  /** Whether nobody reads what it publishes, but for those whose outputs come back to it. */
  isTerminal: boolean
}

/** The applications of a world: producers, consumers, processors and sinks, numbered in this order. */
export class Applications {
  readonly names: readonly string[]
  /** By application: its reader's number, -1 for producers. */
  readonly readerOf: readonly number[]
  readonly readers: readonly Reader[]
  /** By node: its reader's number, -1 without. */
  readonly readerOfNode: readonly number[]
  /** By node: nodes of one space number equal keys equally (`key` of `record.sent`). */
  readonly keySpaceOf: readonly number[]
  /** By node: whether it reads with `isolation.level=read_committed`. */
  readonly readsCommitted: readonly boolean[]
  /** By application: whether its producer waits for no answer (acks=0). */
  readonly acksNothing: readonly boolean[]
  /** By number of partition: whether anybody reads there. */
  readonly isRead: readonly boolean[]
  /** By reader and by reader: whether what the first publishes may reach the second. */
  private readonly leads: readonly (readonly boolean[])[]
  private readonly topicIds: readonly number[]
  private readonly producers: number

  constructor(spec: WorldSpec, partitions: Partitions) {
    const reading = [
      ...spec.consumers.map((of) => ({ kind: 'consumer' as const, of })),
      ...spec.processors.map((of) => ({ kind: 'processor' as const, of })),
      ...spec.sinks.map((of) => ({ kind: 'sink' as const, of })),
    ]
    this.producers = spec.producers.length
    this.topicIds = partitions.topicIds
    this.names = [...spec.producers.map((producer) => producer.name), ...reading.map(({ of }) => of.name)]
    const keys = reading.map(({ of }) => groupOf(of))
    const distinct = [...new Set(keys)]
    this.readerOf = [...spec.producers.map(() => -1), ...keys.map((key) => distinct.indexOf(key))]
    this.readers = distinct.map((key) =>
      readerOf(
        reading.filter((_, index) => keys[index] === key),
        spec,
        partitions,
      ),
    )
    const layout = nodesOf(spec)
    this.readerOfNode = layout.map((node) => this.readerOf[this.names.indexOf(node.application ?? '')] ?? -1)
    this.keySpaceOf = layout.map(({ application, role }, node) => keySpaceOf(spec, role, application, node))
    this.readsCommitted = layout.map(({ application }) => {
      const { of } = reading.find((one) => one.of.name === application) ?? { of: null }
      return of?.config[of !== null && isShare(of) ? 'share.isolation.level' : 'isolation.level'] === 'read_committed'
    })
    const acks = (config: ProducerConfig): boolean => config.acks === '0'
    this.acksNothing = [
      ...spec.producers.map((producer) => acks(producer.config)),
      ...reading.map(({ kind, of }) => kind === 'processor' && acks(of.producerConfig)),
    ]
    this.isRead = partitions.names.map((_, partition) =>
      this.readers.some((reader) => reader.reads[partition] === true),
    )
    this.leads = this.closure()
    this.readers.forEach((reader, from) => {
      reader.isTerminal = this.readers.every((_, to) => !this.leadsTo(from, to) || this.leadsTo(to, from))
    })
  }

  isProducer(application: number): boolean {
    return application >= 0 && application < this.producers
  }

  reader(number: number): Reader {
    return this.readers[number] as Reader
  }

  /** Readers that a subject is about: those of an application, else those whose effects nobody reads. */
  judgedReaders(subject: number): readonly number[] {
    const own = this.readerOf[subject] ?? -1
    if (own >= 0) return [own]
    return [...this.readers.keys()].filter((reader) => this.reader(reader).isTerminal)
  }

  /** Those of {@link judgedReaders} that are promised an order: share groups are not. */
  orderedReaders(subject: number): readonly number[] {
    return this.judgedReaders(subject).filter((reader) => !this.reader(reader).isShared)
  }

  /** Readers that a subject is about where every one counts, whoever reads what it publishes: none for a producer. */
  readersOf(subject: number): readonly number[] {
    if (subject < 0) return [...this.readers.keys()]
    const own = this.readerOf[subject] ?? -1
    return own >= 0 ? [own] : []
  }

  /** Whether what a reader publishes may reach another one, by any way. */
  leadsTo(from: number, to: number): boolean {
    return this.leads[from]?.[to] === true
  }

  /**
   * Whether an output may reach a reader, by any way. A processor with several topics takes them in turn, beginning with
   * the input's offset; its handler names one (`told`, by id).
   */
  outputMayReach(from: number, offset: number, index: number, told: number, to: number): boolean {
    const { to: topics, changelog } = this.reader(from)
    if (changelog >= 0 && index === LOGGED) return false
    const topic = told >= 0 ? told : topics[(offset + index) % topics.length]
    return this.topicIds.some((id, partition) => id === topic && this.mayReach(partition, to))
  }

  /** Whether a record in a partition may reach a reader, by any way. */
  mayReach(partition: number, to: number): boolean {
    return this.readers.some(
      (reader, number) => reader.reads[partition] === true && (number === to || this.leadsTo(number, to)),
    )
  }

  private closure(): readonly (readonly boolean[])[] {
    const leads = this.readers.map((from) =>
      this.readers.map((to) =>
        this.topicIds.some((id, partition) => from.writes[id] === true && to.reads[partition] === true),
      ),
    )
    const all = this.readers.keys()
    for (const by of all) {
      for (const row of leads) if (row[by] === true) leads[by]?.forEach((yes, to) => (row[to] ||= yes))
    }
    return leads
  }
}

/** Streams of records number their keys, processors number texts; of scripts and sources each counts for itself. */
function keySpaceOf(spec: WorldSpec, role: NodeRole, application: string | null, node: number): number {
  if (role === 'processor') return 1
  const producer = spec.producers.find(({ name }) => name === application)
  return producer?.workload.kind === 'send' && producer.source === undefined ? 0 : 2 + node
}

interface Reading {
  readonly kind: ReaderKind
  readonly of: ReaderSpec
}

/** What applications have in common that share their work. */
function groupOf(of: ReaderSpec): string {
  const id = of.config['group.id']
  return id === '' ? `application ${of.name}` : `group ${id}`
}

function readerOf(members: readonly Reading[], spec: WorldSpec, partitions: Partitions): Reader {
  const kind = (['processor', 'sink', 'consumer'] as const).find((kind) =>
    members.some((member) => member.kind === kind),
  ) as ReaderKind
  const sink = members.find((member) => member.kind === 'sink')?.of as SinkSpec | undefined
  const processors = members.flatMap((member) => (member.kind === 'processor' ? [member.of as ProcessorSpec] : []))
  const scripts = members.map((member) => (member.kind === 'consumer' ? (member.of as ConsumerSpec).steps : null))
  const topics = ['', ...spec.topics.map((topic) => topic.name)]
  return {
    kind,
    group: groupOf((members[0] as Reading).of),
    groupId: (members[0] as Reading).of.config['group.id'],
    name: members.map((member) => member.of.name).join(' and '),
    reads: partitions.tps.map((tp, partition) =>
      members.some(({ of }) => readsFrom(of, topics[partitions.topicIds[partition] ?? 0] ?? '', tp & 0xffff)),
    ),
    writes: topics.map((topic) =>
      processors.some(({ to, streams }) => to.includes(topic) || streams?.changelog === topic),
    ),
    to: processors[0]?.to.map((name) => topics.indexOf(name)) ?? [],
    outputs: outputsOf(processors),
    changelog: topics.indexOf(processors[0]?.streams?.changelog ?? '?'),
    store: sink?.into ?? '',
    fence: sink?.fence ?? 'none',
    write: sink?.write ?? null,
    asksItsHandler: sink?.handler !== undefined,
    deduplicates: (sink?.deduplicate ?? null) !== null,
    subscribes: members.some(({ of }) => of.assign === null),
    hasMemberEpochs: members.some(({ of }) => of.assign === null && of.config['group.protocol'] === 'consumer'),
    resetsNothing: members.every(
      ({ kind, of }) =>
        of.config['auto.offset.reset'] === 'none' && !(kind === 'sink' && (of as SinkSpec).commit === 'with-output'),
    ),
    isShared: members.some(({ of }) => isShare(of)),
    isScripted: scripts.some((steps) => steps !== null),
    asksForOffsets: scripts.some((steps) =>
      (steps ?? []).some((step) => step.do === 'seek' || (step.do === 'commit' && step.offsets !== null)),
    ),
    isTerminal: true,
  }
}

/** A handler says itself how many there are. */
function outputsOf(processors: readonly ProcessorSpec[]): Reader['outputs'] {
  let most = 0
  for (const { transform } of processors) {
    switch (transform.kind) {
      case 'handler':
        return 'told'
      case 'copy':
        most = Math.max(most, 1)
        break
      case 'fan-out':
        most = Math.max(most, transform.count)
        break
      case 'count-by-key':
        // The count, and what its changelog keeps of it.
        most = Math.max(most, 2)
    }
  }
  return most
}

function isShare(of: ReaderSpec): boolean {
  return (of as ConsumerSpec).share !== undefined
}

function readsFrom(of: ReaderSpec, topic: string, partition: number): boolean {
  if (of.assign === null) return of.from.includes(topic)
  return of.assign.some((one) => one.topic === topic && one.partition === partition)
}
