import { resolve } from 'node:path'
import {
  type RawChanges,
  type RawDocument,
  rawDocumentsOfText,
  rawDocumentsOfValue,
} from '../../scenarios/format/raw-documents.ts'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { isModule, moduleValue } from '../files/module.ts'
import { readText } from '../files/read.ts'
import { configReader } from '../load.ts'
import { UsageError } from '../usage-error.ts'
import { withModulesFrom } from './moved-modules.ts'

/** Files as plain values, each read once. */
export class Documents {
  private readonly cwd: string
  private readonly changes: RawChanges
  private readonly workerScript: URL | undefined
  private readonly files = new Map<string, readonly RawDocument[]>()

  /** @param workerScript of the pool; by default the product's */
  constructor(cwd: string, { set, profile }: RawChanges, workerScript?: URL) {
    this.workerScript = workerScript
    this.cwd = cwd
    this.changes = { set, profile }
  }

  /** What a scenario was loaded from. */
  async of({ file, variant }: Scenario): Promise<RawScenario> {
    let documents = this.files.get(file)
    if (documents === undefined) {
      documents = await this.read(file)
      this.files.set(file, documents)
    }
    const document = documents.find((each) => each.variant === variant)
    if (document === undefined) throw new UsageError(`${file} has changed while it was being searched`, 'search again')
    return document.raw
  }

  /** The base of a file, or null when it cannot be read: somebody may have put anything there. */
  async first(file: string): Promise<RawScenario | null> {
    try {
      return (await this.read(file))[0]?.raw ?? null
    } catch (error) {
      if (error instanceof UsageError) return null
      throw error
    }
  }

  private async read(file: string): Promise<readonly RawDocument[]> {
    const path = resolve(this.cwd, file)
    // What is saved stands somewhere else: settings of `.properties` files become a part of it.
    const changes = { ...this.changes, readConfig: configReader(path) }
    const documents = isModule(file)
      ? rawDocumentsOfValue(moduleValue(path, file, this.workerScript), changes)
      : rawDocumentsOfText(file, readText(path, file), changes)
    return documents.map(({ variant, raw }) => ({ variant, raw: withModulesFrom(raw, path) }))
  }
}
