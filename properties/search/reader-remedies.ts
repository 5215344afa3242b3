import type { ReaderSpec, SinkSpec, WorldSpec } from '../../sim/spec.ts'
import type { SettingChange } from './setting-change.ts'

/** An application that reads, where it stands in the file, and when it commits. */
interface Reader {
  readonly section: 'consumers' | 'processors' | 'sinks'
  readonly spec: ReaderSpec & { readonly commit: string }
  /** Whether it follows a script, which says itself when it commits. */
  readonly scripted: boolean
}

/** Settings of what reads. A longer session is none of them: it only makes pauses that outlast it rarer. */
export const READER_CHANGES: readonly SettingChange[] = [
  commit('commit: after-processing', ['consumers'], 'after-processing'),
  commit('commit: after-output', ['processors', 'sinks'], 'after-output'),
  commit('commit: before-processing', ['consumers'], 'before-processing'),
  commit('commit: before-output', ['processors', 'sinks'], 'before-output'),
  commit('commit: with-output', ['sinks'], 'with-output'),
  sinks('fence: offset', 'fence=offset', ({ fence, write }) => fence !== 'offset' && write !== 'call'),
  sinks('fence: generation', 'fence=generation', ({ fence, assign, write }) => {
    return fence === 'none' && assign === null && write !== 'call'
  }),
  sinks('write: upsert', 'write=upsert', ({ write }) => write === 'insert' || write === 'increment'),
  sinks('idempotency-key: record', 'write={ call: { idempotency-key: record } }', ({ write, idempotencyKey }) => {
    return write === 'call' && idempotencyKey === null
  }),
  sinks('rename: true', 'write=file', ({ write, rename }) => write === 'file' && !rename),
  readers('auto.offset.reset=earliest', 'config.auto.offset.reset=earliest', ({ spec }) => {
    return spec.config['auto.offset.reset'] !== 'earliest'
  }),
  readers('handling: in-order', 'handling=in-order', ({ spec }) => spec.handling.kind !== 'in-order'),
  // Where both happen: what commits by itself may be ahead of the work.
  readers('enable.auto.commit=false', 'config.enable.auto.commit=false', ({ spec, scripted }) => {
    return spec.config['enable.auto.commit'] && (scripted || spec.commit !== 'auto')
  }),
  readers('commit-call: sync', 'commit-call=sync', ({ spec, scripted }) => {
    return spec.commitCall !== 'sync' && spec.commit !== 'auto' && !scripted
  }),
  {
    name: 'offsets.topic.replication.factor=3',
    sets: (spec) => {
      const least = Math.min(...spec.cluster.brokers.map((config) => config['offsets.topic.replication.factor']))
      const keeps = readersOf(spec).some((reader) => reader.spec.config['group.id'] !== '')
      return keeps && least < 3 && spec.cluster.brokers.length >= 3
        ? ['cluster.config.offsets.topic.replication.factor=3']
        : []
    },
  },
]

function readersOf({ consumers, processors, sinks: writers }: WorldSpec): readonly Reader[] {
  return [
    ...consumers.map((spec): Reader => ({ section: 'consumers', spec, scripted: spec.steps !== null })),
    ...processors.map((spec): Reader => ({ section: 'processors', spec, scripted: false })),
    ...writers.map((spec): Reader => ({ section: 'sinks', spec, scripted: false })),
  ]
}

/** Another order of work and commit, by the application itself: what commits by itself beside it would undo that. */
function commit(name: string, sections: readonly Reader['section'][], mode: string): SettingChange {
  return {
    name,
    sets: (world) =>
      readersOf(world)
        .filter(({ spec }) => !('streams' in spec))
        .filter(({ section, spec, scripted }) => sections.includes(section) && !scripted && spec.commit !== mode)
        .filter(({ spec }) => mode !== 'with-output' || !('write' in spec) || spec.write !== 'call')
        .flatMap(({ section, spec }) => [
          `${section}.${spec.name}.commit=${mode}`,
          ...(spec.config['enable.auto.commit'] ? [`${section}.${spec.name}.config.enable.auto.commit=false`] : []),
        ]),
  }
}

function readers(name: string, change: string, unsafe: (reader: Reader) => boolean): SettingChange {
  return {
    name,
    sets: (world) =>
      readersOf(world)
        .filter(unsafe)
        .map(({ section, spec }) => `${section}.${spec.name}.${change}`),
  }
}

function sinks(name: string, change: string, unsafe: (sink: SinkSpec) => boolean): SettingChange {
  return { name, sets: (world) => world.sinks.filter(unsafe).map((sink) => `sinks.${sink.name}.${change}`) }
}
