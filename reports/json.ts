import type { ReportEvent, Reporter, Tool } from './report.ts'
import type { ResultDocument, ScenarioResult } from './result.ts'

/** `--json`: one document, when everything is known. */
export function jsonReporter(tool: Tool, command: string): Reporter {
  const scenarios: ScenarioResult[] = []
  return {
    report(event: ReportEvent): string {
      if (event.type === 'scenario') scenarios.push(event.result)
      if (event.type !== 'summary') return ''
      const document: ResultDocument = {
        schemaVersion: 1,
        tool,
        command,
        scenarios,
        summary: event.summary,
        error: event.error,
      }
      return `${JSON.stringify(document, null, 2)}\n`
    },
  }
}
