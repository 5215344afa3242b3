import { resolve } from 'node:path'
import { mergeCampaigns, MergeError } from '../../reports/campaign/merge.ts'
import { readCampaign } from '../campaign/read.ts'
import { campaignOutputs, tellCampaign } from '../campaign/tell.ts'
import type { Context, GlobalFlags } from '../context.ts'
import type { ExitCode } from '../exit.ts'
import { readText } from '../files/read.ts'
import { UsageError } from '../usage-error.ts'
import type { JudgingFlags } from './judging-flags.ts'

export interface MergeRequest {
  readonly files: readonly string[]
  readonly flags: Pick<JudgingFlags, 'reporters' | 'json'>
  readonly globals: GlobalFlags
}

/** `twiceshy merge`: adds up the results of a campaign's shards, and judges the sum. */
export async function merge({ files, flags, globals }: MergeRequest, context: Context): Promise<ExitCode> {
  const { cwd } = context.console
  const outputs = campaignOutputs(flags, context.console)
  const parts = files.map((name) => ({ name, document: readCampaign(name, readText(resolve(cwd, name), name)) }))
  try {
    return tellCampaign(mergeCampaigns(parts), { outputs, globals, again: [] }, context)
  } catch (error) {
    if (error instanceof MergeError) throw new UsageError(error.message, error.help)
    throw error
  }
}
