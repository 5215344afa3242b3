import { MUTANTS } from '../../properties/mutants/mutants.ts'
import type { Calibrated, CampaignDocument, CampaignResult } from '../../reports/campaign/document.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { Context } from '../context.ts'
import type { Shard } from '../flags.ts'
import { untilInterrupted } from '../interrupt.ts'
import { huntMutant } from '../mutants/hunt.ts'
import type { MutantOutcome } from '../mutants/outcome.ts'
import { StopSignal } from '../pool/stop.ts'

/** Within so many runs the same scenarios have to find a mutant. */
const RUNS = 2000
/** Longest hunt for one mutant. */
const LONGEST_MS = 600_000

/**
 * Hunts every mutant that the campaigns name with their own scenarios under other seeds. Of several shards each hunts its
 * share of the mutants.
 */
export async function calibrated(
  document: CampaignDocument,
  scenarios: readonly Scenario[],
  shard: Shard,
  jobs: number,
  context: Context,
): Promise<CampaignDocument> {
  const stop = new StopSignal()
  const { err } = context.console
  const release = untilInterrupted(stop, null, () => {})
  const campaigns: CampaignResult[] = []
  try {
    for (const campaign of document.campaigns) {
      const own = scenarios.filter(({ file }) => file === campaign.file)
      const mutants = campaign.calibrate.filter((_, place) => place % shard.of === shard.index - 1)
      const calibration: (Calibrated | null)[] = mutants.map(() => null)
      await inParallel(mutants, jobs, async (mutant, place) => {
        if (stop.reason !== null) return
        if (err.isTTY) err.write(`\r\u001B[2K  calibrating: ${mutant}`)
        calibration[place] = await hunt(mutant, own, context)
      })
      campaigns.push({ ...campaign, calibration: calibration.filter((each) => each !== null) })
    }
  } finally {
    release()
    if (err.isTTY) err.write('\r\u001B[2K')
  }
  const left = document.campaigns.slice(campaigns.length)
  const stopped = document.stopped ?? (stop.reason === null ? null : 'interrupted')
  return { ...document, campaigns: [...campaigns, ...left], stopped }
}

async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T, place: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let place = next++; place < items.length; place = next++) await work(items[place] as T, place)
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, items.length)) }, worker))
}

/** Null when it was interrupted. */
async function hunt(id: string, scenarios: readonly Scenario[], context: Context): Promise<Calibrated | null> {
  const mutant = MUTANTS.find((each) => each.id === id)
  if (mutant === undefined) throw new Error(`there is no mutant ${id}`)
  const targets = scenarios.map(({ file, variant }) => ({ file, variant }))
  const seed = `${scenarios[0]?.seed ?? '1'}/calibration`
  const options = { runs: RUNS, seed, timeoutMs: LONGEST_MS }
  const outcome = await (context.hunt ?? huntMutant)(mutant, targets, options)
  if (outcome.verdict === 'interrupted') return null
  return { mutant: id, found: outcome.verdict === 'caught', runs: outcome.runs, by: inWords(outcome) }
}

function inWords({ verdict, caught, executed, outOfTime }: MutantOutcome): string {
  if (caught !== null) return `${caught.kind}, ${caught.what}`
  if (!executed) return 'the patched place was never reached'
  if (verdict === 'crashed' || verdict === 'hung') return `it ${verdict}`
  return outOfTime ? 'it survived all runs that there was time for' : 'it survived them'
}
