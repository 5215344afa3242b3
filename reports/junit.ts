import { labelOf, titleOf } from './expectation-words.ts'
import { type Finding, findingsOf, proofInWords } from './findings.ts'
import { clipped } from './layout.ts'
import { endedBy, type ReportEvent, type Reporter } from './report.ts'
import type { ScenarioResult, Summary } from './result.ts'
import { xmlAttribute, xmlText } from './xml.ts'

/** Longer texts are cut: readers of such files have limits. */
const LONGEST = 8000

/** What a test case of the document came to; JUnit's `failure` is not met, its `error` could not be told. */
interface Case {
  readonly suite: string
  readonly name: string
  readonly file: string
  readonly line: number | null
  readonly findings: readonly Finding[]
}

/**
 * `--reporter junit`: a suite per scenario and variant, a test case per expectation, and one for what stands beside them
 * (faults that never fired, goals never reached, broken rules of the model). No times: the same runs give the same bytes.
 */
export function junitReporter(): Reporter {
  const results: ScenarioResult[] = []
  return {
    report(event: ReportEvent): string {
      if (event.type === 'scenario') results.push(event.result)
      return event.type === 'summary' ? document(results, event.summary, event.error) : ''
    },
  }
}

function document(results: readonly ScenarioResult[], summary: Summary, error: string | null): string {
  const suites = results.map((result) => casesOf(result))
  const command = commandCases(summary, error)
  if (command.length > 0) suites.push(command)
  const head = `<testsuites name="twiceshy" ${countsOf(suites.flat())}>`
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...suites.flatMap(suiteLines), '</testsuites>', ''].join('\n')
}

function casesOf(result: ScenarioResult): readonly Case[] {
  const suite = titleOf(result)
  const findings = findingsOf(result)
  const { file } = result
  const cases = result.expectations.map((expectation): Case => {
    const name = labelOf(expectation)
    const own = findings.filter((finding) => finding.label === name)
    return { suite, name, file, line: expectation.span?.line ?? null, findings: own }
  })
  const beside = findings.filter((finding) => finding.label === null)
  return [...cases, { suite, name: 'faults, goals and rules of the model', file, line: null, findings: beside }]
}

/** What went wrong with the command itself. */
function commandCases(summary: Summary, error: string | null): readonly Case[] {
  const about = (name: string, text: string): Case => {
    const finding: Finding = { kind: 'inconclusive', label: null, text, proof: null, span: null }
    return { suite: 'twiceshy', name, file: '', line: null, findings: [finding] }
  }
  return [
    ...(error === null ? [] : [about('ended', endedBy(summary, error))]),
    ...(summary.notJudged === 0 ? [] : [about('judged everything', `${summary.notJudged} scenarios were not judged`)]),
  ]
}

function countsOf(cases: readonly Case[]): string {
  const failures = cases.filter((each) => outcome(each) === 'failure').length
  const errors = cases.filter((each) => outcome(each) === 'error').length
  return `tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="0"`
}

function outcome({ findings }: Case): 'passed' | 'failure' | 'error' {
  if (findings.length === 0) return 'passed'
  return findings.some(({ kind }) => kind === 'not-met') ? 'failure' : 'error'
}

function suiteLines(cases: readonly Case[]): readonly string[] {
  const [first] = cases
  if (first === undefined) return []
  const file = first.file === '' ? '' : ` file=${xmlAttribute(first.file)}`
  const head = `  <testsuite name=${xmlAttribute(first.suite)}${file} ${countsOf(cases)}>`
  return [head, ...cases.flatMap(caseLines), '  </testsuite>']
}

function caseLines(each: Case): readonly string[] {
  const place = each.file === '' ? '' : ` file=${xmlAttribute(each.file)}`
  const line = each.line === null ? '' : ` line="${each.line}"`
  const head = `    <testcase classname=${xmlAttribute(each.suite)} name=${xmlAttribute(each.name)}${place}${line}`
  const how = outcome(each)
  const [first] = each.findings
  if (how === 'passed' || first === undefined) return [`${head}/>`]
  const type = how === 'error' ? 'inconclusive' : (first.proof?.kind ?? 'not-met')
  const texts = each.findings.flatMap(({ text, proof }) => [text, ...(proof === null ? [] : [proofInWords(proof)])])
  const body = xmlText(clipped(texts.join('\n'), LONGEST))
  const message = xmlAttribute(clipped(first.text, 500))
  return [`${head}>`, `      <${how} message=${message} type=${xmlAttribute(type)}>${body}</${how}>`, '    </testcase>']
}
