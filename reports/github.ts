import { titleOf } from './expectation-words.ts'
import { type Finding, findingsOf, proofInWords } from './findings.ts'
import { clipped } from './layout.ts'
import { endedBy, type ReportEvent, type Reporter } from './report.ts'
import type { ScenarioResult, Summary } from './result.ts'
import { counted } from './words.ts'

export interface GithubOptions {
  /** From the repository's root to the working directory, such as `services/orders`; '' when they are the same. */
  readonly folder: string
}

/** GitHub cuts longer ones. */
const LONGEST = 4000

/**
 * `--reporter github`: workflow commands that GitHub Actions shows as annotations, on the lines of what is not met. Told at
 * the end, so that they do not stand between the lines of other reporters.
 */
export function githubReporter(options: GithubOptions): Reporter {
  const lines: string[] = []
  return {
    report(event: ReportEvent): string {
      if (event.type === 'scenario') lines.push(...annotations(event.result, options))
      if (event.type !== 'summary') return ''
      lines.push(...ofCommand(event.summary, event.error))
      return lines.map((line) => `${line}\n`).join('')
    },
  }
}

function annotations(result: ScenarioResult, options: GithubOptions): readonly string[] {
  return findingsOf(result).map((finding) => {
    const { span, label } = finding
    const place = span === null ? [] : [`line=${span.line}`, `col=${span.column}`]
    const file = inRepository(span?.file ?? result.file, options.folder)
    const title = `title=${property(clipped(label === null ? titleOf(result) : `${label}: ${titleOf(result)}`, 200))}`
    return annotation(finding, [`file=${property(file)}`, ...place, title], textOf(finding))
  })
}

function textOf({ text, proof }: Finding): string {
  return clipped(proof === null ? text : `${text}\n${proofInWords(proof)}`, LONGEST)
}

/** A workflow command that becomes an annotation. */
export function annotation({ kind }: Pick<Finding, 'kind'>, properties: readonly string[], text: string): string {
  return `::${kind === 'not-met' ? 'error' : 'warning'} ${properties.join(',')}::${data(text)}`
}

function ofCommand(summary: Summary, error: string | null): readonly string[] {
  const title = ['title=twiceshy']
  const open = counted(summary.notJudged, 'scenario')
  return [
    ...(error === null ? [] : [annotation({ kind: 'not-met' }, title, clipped(endedBy(summary, error), LONGEST))]),
    ...(summary.notJudged === 0 ? [] : [annotation({ kind: 'inconclusive' }, title, `${open} not judged`)]),
  ]
}

/** A file as annotations name it. */
export function inRepository(file: string, folder: string): string {
  return folder === '' || file.startsWith('/') || /^[A-Za-z]:/.test(file) ? file : `${folder}/${file}`
}

/** What GitHub's runner wants escaped in a message. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** What GitHub's runner wants escaped in a property. */
export function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
