import { z } from 'zod'
import type { CampaignDocument } from '../../reports/campaign/document.ts'
import { UsageError } from '../usage-error.ts'

const count = z.int().min(0)
const amount = z.number().min(0)
const digest = z.string().regex(/^[0-9a-f]{64}$/)

const expectation = z.looseObject({
  guarantee: z.string(),
  stage: z.string().nullable(),
  subject: z.string().nullable(),
  expected: z.enum(['holds', 'violated']),
  kinds: z.array(z.string()),
  observed: z.enum(['holds', 'violated', 'unknown']),
  reason: z.string().nullable(),
  judged: count,
  runsViolated: count,
  runsUnknown: count,
  runsExcused: count,
  kindsSeen: z.record(z.string(), count),
  met: z.boolean(),
  firstViolation: z
    .looseObject({ run: count, seed: z.string(), atMs: amount, kind: z.string(), message: z.string() })
    .nullable(),
})

const scenario = z.looseObject({
  scenario: z.string(),
  variant: z.string().nullable(),
  seed: z.string(),
  fingerprint: z.string(),
  judged: z.array(z.object({ first: count, step: z.int().min(1), count })),
  runs: count,
  events: count,
  virtualMs: amount,
  runsDigest: digest,
  expectations: z.array(expectation),
  breaches: count,
  breachesTold: z.array(z.string()),
  ended: z.object({ settled: count, 'heal-limit': count, 'max-events': count, deadlock: count }),
  runsWithFaults: count,
  runsMattered: count,
  drawsFaults: z.boolean(),
  faults: z.array(z.object({ about: z.string(), entry: z.string(), fired: count, touched: count })),
  cover: z.array(z.object({ moment: z.string(), runs: count })),
  situations: z.array(z.object({ name: z.string(), runs: count, times: count })),
})

const campaign = z.looseObject({
  file: z.string(),
  quotas: z.array(z.string()),
  sharePercent: z.number().positive(),
  calibrate: z.array(z.string()),
  scenarios: z.array(scenario),
  calibration: z.array(z.object({ mutant: z.string(), found: z.boolean(), runs: count, by: z.string() })),
})

const document = z.object({
  schemaVersion: z.literal(1),
  tool: z.object({ name: z.literal('twiceshy'), version: z.string() }),
  command: z.literal('campaign'),
  shards: z.array(z.string().regex(/^\d+\/[1-9]\d*$/)).min(1),
  campaigns: z.array(campaign).min(1),
  repeated: count,
  wallMs: amount,
  stopped: z.enum(['bail', 'time-budget', 'interrupted', 'error', 'refused']).nullable(),
  error: z.string().nullable(),
})

/**
 * A campaign's document from its text.
 *
 * @throws {@link UsageError} when it is none
 */
export function readCampaign(name: string, text: string): CampaignDocument {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw noCampaign(name, 'it is no JSON')
  }
  const read = document.safeParse(value)
  if (!read.success) {
    const [issue] = read.error.issues
    const where = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.')
    throw noCampaign(name, `${where}: ${issue?.message ?? 'not understood'}`)
  }
  // What it says beside the numbers that are added up was written by this tool.
  return read.data as unknown as CampaignDocument
}

function noCampaign(name: string, why: string): UsageError {
  return new UsageError(`${name} is no result of a campaign: ${why}`, 'write one with `twiceshy campaign … --json`')
}
