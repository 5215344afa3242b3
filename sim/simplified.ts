import type { WorldSpec } from './spec.ts'
import { topicsOf } from './layout.ts'

/** Where this world is simpler than Kafka in a way that its own settings touch; `docs/fidelity.md` has the whole list. */
export function simplificationsOf(spec: WorldSpec): readonly string[] {
  return RULES.filter(({ touches }) => touches(spec)).map(({ about }) => about)
}

interface Simplification {
  readonly about: string
  readonly touches: (spec: WorldSpec) => boolean
}

const RULES: readonly Simplification[] = [
  {
    about:
      'flush.ms is looked at every flush.ms; Kafka looks only when log.flush.scheduler.interval.ms is set, so it flushes less',
    touches: (spec) => spec.topics.some((topic) => topic.config['flush.ms'] < Number.MAX_SAFE_INTEGER),
  },
  {
    about: 'records without a key stick to a partition drawn evenly; Kafka prefers partitions with short queues',
    touches: (spec) =>
      spec.producers.some(
        (producer) =>
          topicsOf(producer).some((name) => (spec.topics.find((topic) => topic.name === name)?.partitions ?? 1) > 1) &&
          (producer.workload.kind === 'steps' ||
            producer.workload.keys === 0 ||
            producer.config['partitioner.ignore.keys']),
      ),
  },
]
