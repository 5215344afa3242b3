import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MutantOutcome } from '../../cli/mutants/outcome.ts'
import type { Job } from './jobs.ts'

interface Entry {
  readonly key: string
  readonly outcome: MutantOutcome
}

/** Outcomes on disk, one a line, so that an interrupt loses none that was computed. Another build or scenario is another key. */
export class Results {
  private readonly file: string
  private readonly world: string
  private readonly known: ReadonlyMap<string, MutantOutcome>

  constructor(root: string) {
    this.file = join(root, 'dist', '.build', 'mutants.ndjson')
    this.world = digestOf(root)
    this.known = new Map(readEntries(this.file).map(({ key, outcome }) => [key, outcome]))
  }

  /** What became of the job in this very build. */
  of(job: Job): MutantOutcome | undefined {
    return this.known.get(this.keyOf(job))
  }

  add(job: Job, outcome: MutantOutcome): void {
    mkdirSync(dirname(this.file), { recursive: true })
    const entry: Entry = { key: this.keyOf(job), outcome }
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`)
  }

  private keyOf(job: Job): string {
    return createHash('sha256').update(this.world).update(JSON.stringify(job)).digest('hex')
  }
}

function readEntries(file: string): readonly Entry[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  // The last line may have been cut by whatever ended the process.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Entry)
}

/** All that an outcome depends on: what is built, and the scenarios. */
function digestOf(root: string): string {
  const hash = createHash('sha256')
  for (const folder of [
    'dist/sim',
    'dist/properties',
    'dist/scenarios',
    'scenarios/library',
    'scenarios/museum',
    'scenarios/campaigns',
    'scenarios/handlers',
  ]) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort((a, b) =>
      a < b ? -1 : 1,
    )
    for (const file of files) {
      if (!/\.(?:m?js|yaml)$/.test(file) || file.includes('.test.')) continue
      hash.update(`${folder}/${file}\n`).update(readFileSync(join(root, folder, file)))
    }
  }
  return hash.digest('hex')
}
