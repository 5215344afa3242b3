/** `twiceshy/reports`: results as data and as text. */
export { type Added, type NewViolation, ScenarioAggregate } from './aggregate.ts'
export { type ColorInput, type ColorLevel, colorLevel } from './color.ts'
export { type JudgedScenario, judgeFaults } from './inert-faults.ts'
export { jsonReporter } from './json.ts'
export { ndjsonReporter } from './ndjson.ts'
export { prettyReporter, type PrettyOptions } from './pretty.ts'
export { type ReportEvent, type Reporter, summaryOf, type Tool } from './report.ts'
export type { ExpectationResult, FirstViolation, ResultDocument, ScenarioResult, Stopped, Summary } from './result.ts'
