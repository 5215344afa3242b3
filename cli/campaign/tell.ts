import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Chalk } from 'chalk'
import type { CampaignDocument } from '../../reports/campaign/document.ts'
import { campaignAnnotations } from '../../reports/campaign/github.ts'
import { campaignMarkdown } from '../../reports/campaign/markdown.ts'
import { campaignText } from '../../reports/campaign/pretty.ts'
import { summaryOfCampaign } from '../../reports/campaign/summary.ts'
import { colorLevel } from '../../reports/color.ts'
import { paintWith } from '../../reports/paint.ts'
import type { JudgingFlags } from '../commands/judging-flags.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode, exitOf } from '../exit.ts'
import { reasonOf } from '../files/collect.ts'
import type { ReporterChoice } from '../flags.ts'
import { checkWritable, chosenReporters, folderInCheckout } from '../outputs.ts'
import { UsageError } from '../usage-error.ts'

/** Reporters that campaigns have. */
const REPORTERS = ['pretty', 'json', 'github', 'markdown'] as const
type CampaignReporter = (typeof REPORTERS)[number]

export interface CampaignOutput {
  readonly name: CampaignReporter
  readonly file: string | null
}

/**
 * Where a campaign is told.
 *
 * @throws {@link UsageError} when a reporter knows no campaigns or a file cannot be written
 */
export function campaignOutputs(
  { reporters, json }: Pick<JudgingFlags, 'reporters' | 'json'>,
  { env, cwd }: Pick<Context['console'], 'env' | 'cwd'>,
): readonly CampaignOutput[] {
  const outputs = chosenReporters(reporters, json, env).map(outputOf)
  for (const { file } of outputs) if (file !== null) checkWritable(file, cwd)
  return outputs
}

function outputOf({ name, file }: ReporterChoice): CampaignOutput {
  const known = REPORTERS.find((each) => each === name)
  if (known === undefined)
    throw new UsageError(`the reporter ${name} is not for campaigns`, `there are ${REPORTERS.join(', ')}`)
  return { name: known, file }
}

/** The exit code of a campaign. */
export function exitOfCampaign(document: CampaignDocument): ExitCode {
  const { standing } = summaryOfCampaign(document)
  return exitOf([
    ...(document.stopped === 'interrupted' ? [EXIT.interrupted] : []),
    ...(document.stopped === 'refused' ? [EXIT.usage] : document.error === null ? [] : [EXIT.internal]),
    ...(standing === 'not-met' ? [EXIT.notMet] : standing === 'open' ? [EXIT.inconclusive] : []),
  ])
}

export interface Telling {
  readonly outputs: readonly CampaignOutput[]
  readonly globals: GlobalFlags
  /** Flags that must be given again to repeat a run. */
  readonly again: readonly string[]
}

/** Tells what a campaign came to in every place, and gives the exit code. */
export function tellCampaign(document: CampaignDocument, telling: Telling, { console }: Context): ExitCode {
  const exit = exitOfCampaign(document)
  const failed = telling.outputs.map(({ name, file }) => {
    const text = textFor(name, file, document, exit, telling, console)
    if (file === null) {
      console.out.write(text)
      return false
    }
    try {
      writeFileSync(resolve(console.cwd, file), text)
      return false
    } catch (error) {
      // What took so long to find out is still told elsewhere.
      console.err.write(`error: ${file} cannot be written: ${reasonOf(error)}\n`)
      return true
    }
  })
  return exitOf(failed.includes(true) ? [exit, EXIT.usage] : [exit])
}

function textFor(
  name: CampaignReporter,
  file: string | null,
  document: CampaignDocument,
  exit: ExitCode,
  { globals, again }: Telling,
  { out, env, cwd }: Context['console'],
): string {
  switch (name) {
    case 'json':
      return `${JSON.stringify({ ...document, summary: summaryInJson(document, exit) }, null, 2)}\n`
    case 'github':
      return campaignAnnotations(document, { folder: folderInCheckout(cwd, env) })
    case 'markdown':
      return campaignMarkdown(document, again)
    case 'pretty': {
      const level = file === null ? colorLevel({ flag: globals.color, env, isTTY: out.isTTY }) : 0
      const paint = paintWith(new Chalk({ level }))
      const { quiet, verbose } = globals
      return campaignText(document, exit, { paint, width: out.columns ?? 100, quiet, verbose, again })
    }
  }
}

/** What follows from the document, for readers of the JSON. `merge` works it out anew. */
function summaryInJson(document: CampaignDocument, exit: ExitCode): unknown {
  const { campaigns, ...sums } = summaryOfCampaign(document)
  return {
    exit,
    ...sums,
    campaigns: campaigns.map(({ result, standing, situations, calibration, runs }) => ({
      file: result.file,
      standing,
      runs,
      situations,
      calibration,
    })),
  }
}
