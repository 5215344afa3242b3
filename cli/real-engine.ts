import type { Engine } from './engine.ts'

/** The product's own loader. Imported only when a command needs it: it brings the YAML parser and the schema. */
export async function realEngine(): Promise<Engine> {
  const [
    { loadScenarioText, loadScenarioValue },
    { renderDiagnostic },
    { jsonSchema },
    { MOMENTS, matchableFields },
    { INVARIANTS },
    { SITUATIONS },
    { MUTANTS },
  ] = await Promise.all([
    import('../scenarios/format/load.ts'),
    import('../scenarios/format/frame.ts'),
    import('../scenarios/format/schema.ts'),
    import('../sim/history/catalogue.ts'),
    import('../properties/invariants/names.ts'),
    import('../properties/situations/names.ts'),
    import('../properties/mutants/mutants.ts'),
  ])
  const moments = MOMENTS.map(({ name }) => name)
  const momentFields = Object.fromEntries(MOMENTS.map((moment) => [moment.name, matchableFields(moment)]))
  const invariants = INVARIANTS.map(({ name }) => name)
  const situations = SITUATIONS.map(({ name }) => name)
  const mutants = MUTANTS.map(({ id }) => id)
  const known = { moments, momentFields, invariants, situations, mutants }
  return {
    load: (file, text, options) => loadScenarioText(file, text, { ...options, ...known }),
    loadValue: (file, value, options) => loadScenarioValue(file, value, { ...options, ...known }),
    render: renderDiagnostic,
    schema: jsonSchema,
  }
}
