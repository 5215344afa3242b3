import type { ReportEvent, Reporter, Tool } from './report.ts'

/** A stream of JSON lines: `run-started`, `violation`, `scenario`, `summary`. The first carries the schema's version. */
export function ndjsonReporter(tool: Tool, command: string): Reporter {
  return {
    report(event: ReportEvent): string {
      const { type, ...rest } = event
      const head = type === 'run-started' ? { type, schemaVersion: 1, tool, command } : { type }
      return `${JSON.stringify({ ...head, ...rest })}\n`
    },
  }
}
