import { join } from 'node:path'
import { wrapped, padded, widthOf } from '../../reports/layout.ts'
import { counted } from '../../reports/words.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { loadScenarios } from '../load.ts'
import { UsageError } from '../usage-error.ts'

type Topic = 'scenarios' | 'guarantees' | 'anomalies' | 'faults' | 'moments' | 'situations' | 'configs' | 'profiles'

const TOPICS: Readonly<Record<Topic, string>> = {
  scenarios: 'the scenario library, or the scenarios of given paths',
  guarantees: 'what `expect:` may name',
  anomalies: 'the kinds of violations, and whose they are',
  faults: 'the actions of `faults:`',
  moments: 'what `when:` and `cover:` may name, with fields',
  situations: 'hard situations that campaigns count, and may ask for',
  configs: "Kafka's settings that are simulated",
  profiles: 'protocol profiles and their switches',
}

type Row = readonly string[]

/** `twiceshy list`: what there is, from the tables that the program itself uses. */
export async function list(
  topic: string | undefined,
  paths: readonly string[],
  globals: GlobalFlags,
  context: Context,
): Promise<ExitCode> {
  const { out } = context.console
  const width = Math.min(120, Math.max(80, out.columns ?? 100))
  const show = (rows: readonly Row[]): void => out.write(inColumns(rows, width))
  if (topic === undefined) {
    show(Object.entries(TOPICS).map(([name, about]) => [`list ${name}`, about]))
    return EXIT.met
  }
  const known = (Object.keys(TOPICS) as Topic[]).find((name) => name === topic)
  if (known === undefined) {
    throw new UsageError(`there is no list of ${JSON.stringify(topic)}`, `there are ${Object.keys(TOPICS).join(', ')}`)
  }
  if (known !== 'scenarios' && paths.length > 0) throw new UsageError(`list ${known} takes no paths`)
  if (known === 'scenarios') return listScenarios(paths, globals, context, show)
  show(await ROWS[known]())
  return EXIT.met
}

async function listScenarios(
  paths: readonly string[],
  globals: GlobalFlags,
  context: Context,
  show: (rows: readonly Row[]) => void,
): Promise<ExitCode> {
  const from = paths.length > 0 ? paths : [join(context.root, 'scenarios', 'library')]
  const loaded = await loadScenarios({ paths: from, set: [], profile: null, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  if (loaded.scenarios.length === 0) {
    context.console.err.write('nothing matched: no file has a scenario to judge\n')
    return EXIT.nothingMatched
  }
  show(
    loaded.scenarios.map((scenario) => {
      const title = scenario.variant === null ? scenario.title : `${scenario.title} · ${scenario.variant}`
      const expects = scenario.expect.map(({ guarantee, expected }) => `${guarantee} ${expected}`).join(', ')
      return [title, counted(scenario.runs, 'run'), `${scenario.file}: ${expects}`]
    }),
  )
  return EXIT.met
}

const ROWS: Readonly<Record<Exclude<Topic, 'scenarios'>, () => Promise<readonly Row[]>>> = {
  guarantees: async () => {
    const { GUARANTEES } = await import('../../scenarios/format/vocabulary.ts')
    return GUARANTEES.map(({ name, about, stages, judged }) => {
      const where = stages.length === 0 ? '' : ` (${stages.join(', ')})`
      return [name, `${about}${where}${judged ? '' : '; not judged yet'}`]
    })
  },
  anomalies: async () => {
    const { GUARANTEES } = await import('../../scenarios/format/vocabulary.ts')
    const kinds = [...new Set(GUARANTEES.flatMap((guarantee) => guarantee.kinds))]
    return kinds.map((kind) => {
      const owners = GUARANTEES.filter((guarantee) => guarantee.kinds.includes(kind)).map(({ name }) => name)
      return [kind, `violates ${owners.join(', ')}`]
    })
  },
  faults: async () => {
    const { FAULTS } = await import('./fault-table.ts')
    return Object.entries(FAULTS).map(([action, { value, about }]) => [action, value, about])
  },
  moments: async () => {
    const { MOMENTS, matchableFields } = await import('../../sim/history/catalogue.ts')
    return MOMENTS.map((moment) => {
      const fields = ['node', ...matchableFields(moment).filter((field) => field !== 'node')]
      return [moment.name, `${moment.about} (${fields.join(', ')})`]
    })
  },
  situations: async () => {
    const { SITUATIONS } = await import('../../properties/situations/names.ts')
    return SITUATIONS.map(({ name, about }) => [name, about])
  },
  configs: configRows,
  profiles: async () => {
    const [{ CLIENT_PROFILES, CLUSTER_PROFILES }, { CLUSTER_SWITCHES }, { CLIENT_SWITCHES }] = await Promise.all([
      import('../../sim/kafka/protocol/profile.ts'),
      import('../../sim/kafka/protocol/cluster-switches.ts'),
      import('../../sim/kafka/protocol/client-switches.ts'),
    ])
    return [
      ...Object.entries(CLUSTER_PROFILES).map(([name, profile]): Row => {
        const switches = CLUSTER_SWITCHES.map((change) => `${change.name} ${profile[change.name]}`)
        return [name, 'cluster', switches.join(', ')]
      }),
      ...Object.values(CLIENT_PROFILES).map(({ name, about }): Row => [name, 'client', about]),
      ...CLUSTER_SWITCHES.map(({ name, values, about }): Row => [
        name,
        'cluster switch',
        `${about} (${values.join(' or ')})`,
      ]),
      ...CLIENT_SWITCHES.map(({ name, values, about }): Row => [
        name,
        'client switch',
        `${about} (${values.join(' or ')})`,
      ]),
    ]
  },
}

async function configRows(): Promise<readonly Row[]> {
  const [{ BROKER_CONFIG }, { TOPIC_CONFIG }, { PRODUCER_CONFIG }, { CONSUMER_CONFIG }, { NEVER }] = await Promise.all([
    import('../../sim/kafka/protocol/config/broker.ts'),
    import('../../sim/kafka/protocol/config/topic.ts'),
    import('../../sim/kafka/protocol/config/producer.ts'),
    import('../../sim/kafka/protocol/config/consumer.ts'),
    import('../../sim/kafka/protocol/config/definition.ts'),
  ])
  const tables = [
    ['broker', BROKER_CONFIG],
    ['topic', TOPIC_CONFIG],
    ['producer', PRODUCER_CONFIG],
    ['consumer', CONSUMER_CONFIG],
  ] as const
  return tables.flatMap(([owner, table]) =>
    Object.entries(table).map(([name, definition]): Row => {
      const byDefault = definition.default === NEVER ? 'no limit' : String(definition.default)
      const values = definition.values === undefined ? definition.type : definition.values.join(', ')
      return [owner, name, `${values}; default ${byDefault}`]
    }),
  )
}

/** Rows in aligned columns; the last one is wrapped. */
function inColumns(rows: readonly Row[], width: number): string {
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columns - 1 }, (_, i) => Math.max(...rows.map((row) => widthOf(row[i] ?? ''))))
  const indent = widths.reduce((sum, columnWidth) => sum + columnWidth + 2, 0)
  const lines = rows.flatMap((row) => {
    const head = widths.map((columnWidth, i) => `${padded(row[i] ?? '', columnWidth)}  `).join('')
    const rest = wrapped(row[columns - 1] ?? '', Math.max(24, width - indent))
    // A word that is too long for its column, such as the name of a class, begins further left.
    const before = (line: string): string => ' '.repeat(Math.max(0, Math.min(indent, width - widthOf(line))))
    return rest.map((line, i) => `${i === 0 ? head : before(line)}${line}`.trimEnd())
  })
  return `${lines.join('\n')}\n`
}
