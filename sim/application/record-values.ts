import { recordNode, recordOrdinal } from '../history/ids.ts'

/**
 * What records hold, for those whom it concerns: the user's own code. Records of a simulated producer hold their own names;
 * what a handler made holds what it says. Kafka carries values and looks into none.
 */
export class RecordValues {
  private readonly nodeNames: readonly string[]
  private readonly made: Map<number, string | null> = new Map()

  constructor(nodeNames: readonly string[]) {
    this.nodeNames = nodeNames
  }

  /** `checkout#0/5` */
  nameOf(record: number): string {
    return `${this.nodeNames[recordNode(record)] ?? 'unknown'}/${recordOrdinal(record)}`
  }

  of(record: number): string | null {
    const made = this.made.get(record)
    return made === undefined ? this.nameOf(record) : made
  }

  set(record: number, value: string | null): void {
    this.made.set(record, value)
  }
}
