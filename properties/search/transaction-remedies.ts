import type { ProcessorSpec, ReaderSpec, WorldSpec } from '../../sim/spec.ts'
import type { SettingChange } from './setting-change.ts'

/** Settings that make transactions keep what they promise. */
export const TRANSACTION_CHANGES: readonly SettingChange[] = [
  {
    name: 'transaction.version: 2',
    sets: (spec) =>
      hasTransactions(spec) && spec.profile['transaction.version'] < 2 ? ['profile.transaction.version=2'] : [],
  },
  {
    name: 'marker-epoch: strict',
    sets: (spec) =>
      hasTransactions(spec) && spec.profile['marker-epoch'] !== 'strict' ? ['profile.marker-epoch=strict'] : [],
  },
  {
    name: 'isolation.level=read_committed',
    sets: (spec) => (hasTransactions(spec) ? readingCommitted(spec, () => true) : []),
  },
  {
    name: 'transactional.id: one for each instance, the same after a restart',
    sets: ({ producers, processors }) => [
      ...producers
        .filter(({ config, instances }) => isUnstable(config['transactional.id'], instances))
        .map(({ name }) => idOf('producers', name)),
      ...processors
        .filter(({ streams }) => streams === undefined)
        .filter(({ producerConfig, instances }) => isUnstable(producerConfig['transactional.id'], instances))
        .map(({ name }) => idOf('processors', name)),
    ],
  },
  {
    name: 'group-metadata: true',
    sets: ({ processors }) =>
      processors
        .filter(({ transactions }) => transactions?.groupMetadata === false)
        .map(({ name }) => `processors.${name}.group-metadata=true`),
  },
  {
    name: 'rewind-on-abort: true',
    sets: ({ processors }) =>
      processors
        .filter(({ transactions }) => transactions?.rewindOnAbort === false)
        .map(({ name }) => `processors.${name}.rewind-on-abort=true`),
  },
  {
    // Who reads the output must not see what is taken back, or nothing would be gained.
    name: 'commit: in-transaction',
    sets: (spec) => {
      const plain = spec.processors.filter(({ transactions }) => transactions === null)
      const outputs = new Set(plain.flatMap(({ to }) => to))
      const reads = ({ from }: ReaderSpec): boolean => from.some((topic) => outputs.has(topic))
      return [...plain.flatMap(inTransaction), ...readingCommitted(spec, reads)]
    },
  },
]

function hasTransactions({ producers, processors }: WorldSpec): boolean {
  const configs = [...producers.map(({ config }) => config), ...processors.map((each) => each.producerConfig)]
  return configs.some((config) => config['transactional.id'] !== '')
}

function readingCommitted(spec: WorldSpec, concerns: (reader: ReaderSpec) => boolean): readonly string[] {
  const { consumers, processors, sinks } = spec
  return Object.entries({ consumers, processors, sinks }).flatMap(
    ([section, readers]: [string, readonly ReaderSpec[]]) =>
      readers
        .filter((reader) => reader.config['isolation.level'] !== 'read_committed' && concerns(reader))
        .map(({ name }) => `${section}.${name}.config.isolation.level=read_committed`),
  )
}

/** A new id after a restart fences nobody; one that instances share makes them fence each other. */
function isUnstable(template: string, instances: number): boolean {
  if (template === '') return false
  if (/\$\{(random|incarnation)\}/.test(template)) return true
  return instances > 1 && !template.includes('${instance}')
}

function idOf(section: 'producers' | 'processors', name: string): string {
  return `${section}.${name}.config.transactional.id=${name}-\${instance}`
}

function inTransaction({ name, config, streams }: ProcessorSpec): readonly string[] {
  if (streams !== undefined) return [`processors.${name}.config.processing.guarantee=exactly_once_v2`]
  return [
    `processors.${name}.commit=in-transaction`,
    idOf('processors', name),
    ...(config['enable.auto.commit'] ? [`processors.${name}.config.enable.auto.commit=false`] : []),
  ]
}
