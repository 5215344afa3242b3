import type { Shadow } from '../shadow/shadow.ts'

/** Which records a checker looks at. */
export interface Scope {
  has(record: number): boolean
}

export const EVERYTHING: Scope = { has: () => true }

/** Records of producers that go where nobody reads: their pipeline ends at the committed log. */
export class Unread implements Scope {
  private readonly shadow: Shadow

  constructor(shadow: Shadow) {
    this.shadow = shadow
  }

  has(record: number): boolean {
    const { records, names, applications } = this.shadow
    if (!applications.isProducer(names.applicationOf[records.nodeOf(record)] ?? -1)) return false
    return applications.isRead[records.partition.at(record)] !== true
  }
}
