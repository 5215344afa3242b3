import { Database } from './application/database.ts'
import type { ProcessHost } from './application/process-host.ts'
import { SourceJournal } from './application/source-journal.ts'
import type { SourceRules } from './application/source-options.ts'
import { SourceProcess } from './application/source-process.ts'
import type { StoreData } from './application/stores.ts'
import type { ControllerView } from './kafka/controller/view.ts'
import type { ProducerTopic } from './kafka/client/producer-owner.ts'
import type { Env } from './kafka/env.ts'
import { clientProfile } from './kafka/protocol/profile.ts'
import { type NodeLayout, topicIdNamed } from './layout.ts'
import { partitionCount } from './partition-count.ts'
import type { ProducerSpec, WorldSpec } from './spec.ts'

/** Builds the processes of Kafka Connect's source tasks. */
export class SourceNodes {
  private readonly journals: Map<number, SourceJournal> = new Map()
  private readonly spec: WorldSpec
  private readonly layout: readonly NodeLayout[]
  private readonly view: ControllerView
  private readonly stores: ReadonlyMap<number, StoreData>
  private readonly host: Pick<ProcessHost, 'exited'>

  constructor(
    spec: WorldSpec,
    layout: readonly NodeLayout[],
    view: ControllerView,
    stores: ReadonlyMap<number, StoreData>,
    host: Pick<ProcessHost, 'exited'>,
  ) {
    this.spec = spec
    this.layout = layout
    this.view = view
    this.stores = stores
    this.host = host
  }

  process(env: Env, spec: ProducerSpec, rules: SourceRules, tellSteps: boolean): SourceProcess {
    const { node } = env
    const store = this.layout.findIndex(({ role, name }) => role === 'store' && name === rules.from)
    const table = this.stores.get(store)
    if (!(table instanceof Database)) throw new RangeError(`${rules.from} has no rows`)
    const journal = this.journals.get(node) ?? new SourceJournal()
    this.journals.set(node, journal)
    const options = {
      name: this.layout[node]?.name ?? spec.name,
      node,
      rules,
      topics: spec.to.map((name) => this.topic(name)),
      offsetsTopic: this.topic(rules.offsetsTopic),
      store,
      config: spec.config,
      profile: clientProfile(spec.profile),
      bootstrap: this.spec.cluster.brokers.map((_, index) => index + 1),
      startUs: spec.startUs,
      stopUs: spec.stopUs,
      tellSteps,
    }
    return new SourceProcess(env, options, journal, table, this.host)
  }

  private topic(name: string): ProducerTopic {
    const topicId = topicIdNamed(this.spec, name)
    return { name, topicId, partitions: partitionCount(this.spec, this.view, topicId) }
  }
}
