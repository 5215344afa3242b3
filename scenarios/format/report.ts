import type { Diagnostic, SourceSpan } from './scenario.ts'

/** Stable codes of everything the loader can say. */
export type DiagnosticCode =
  | 'TWICESHY_NOT_TEXT'
  | 'TWICESHY_TOO_LARGE'
  | 'TWICESHY_TOO_DEEP'
  | 'TWICESHY_ALIAS'
  | 'TWICESHY_YAML'
  | 'TWICESHY_YAML_TRAP'
  | 'TWICESHY_DUPLICATE_KEY'
  | 'TWICESHY_EMPTY'
  | 'TWICESHY_NOT_A_MAP'
  | 'TWICESHY_MANY_DOCUMENTS'
  | 'TWICESHY_NOT_DATA'
  | 'TWICESHY_SET'
  | 'TWICESHY_PROPERTIES'
  | 'TWICESHY_REMOVES_NOTHING'
  | 'TWICESHY_UNKNOWN_KEY'
  | 'TWICESHY_MISSING'
  | 'TWICESHY_TYPE'
  | 'TWICESHY_VALUE'
  | 'TWICESHY_RANGE'
  | 'TWICESHY_NOT_SIMULATED'
  | 'TWICESHY_UNKNOWN_CONFIG'
  | 'TWICESHY_CONFIG_REFUSED'
  | 'TWICESHY_CONFIG_SURPRISE'
  | 'TWICESHY_IMPOSSIBLE'
  | 'TWICESHY_NAME'
  | 'TWICESHY_NAME_CLASH'
  | 'TWICESHY_DUPLICATE_ID'
  | 'TWICESHY_UNKNOWN_TOPIC'
  | 'TWICESHY_UNKNOWN_PARTITION'
  | 'TWICESHY_UNKNOWN_NODE'
  | 'TWICESHY_UNKNOWN_STORE'
  | 'TWICESHY_UNKNOWN_GROUP'
  | 'TWICESHY_UNKNOWN_TRANSACTIONAL_ID'
  | 'TWICESHY_TARGET'
  | 'TWICESHY_UNKNOWN_MOMENT'
  | 'TWICESHY_UNKNOWN_FIELD'
  | 'TWICESHY_UNKNOWN_PROFILE'
  | 'TWICESHY_FAULT'
  | 'TWICESHY_NEVER_FIRES'
  | 'TWICESHY_PERFECT'
  | 'TWICESHY_EXPECTATION'
  | 'TWICESHY_NOTHING_JUDGED'
  | 'TWICESHY_MORE'

/** At most this many diagnostics are shown for a file. */
export const SHOWN_AT_MOST = 20
/** Beyond this many nothing is collected: a file of garbage must not cost memory. */
const COLLECTED_AT_MOST = 300

interface Entry {
  readonly diagnostic: Diagnostic
  readonly path: string
}

/** Collects what is wrong with a file. The same mistake, met again in a variant, is kept once. */
export class Report {
  readonly #entries: Entry[] = []
  readonly #seen = new Set<string>()
  readonly #imports = new Map<string, string>()

  /** Texts of the files that the scenario imports, by name. */
  get imports(): ReadonlyMap<string, string> {
    return this.#imports
  }

  addImport(file: string, text: string): void {
    this.#imports.set(file, text)
  }

  add(path: string, diagnostic: Diagnostic & { readonly code: DiagnosticCode }): void {
    if (this.full) return
    const at = diagnostic.spans.map((span) => `${span.file}:${span.start}`).join(',')
    const identity = `${diagnostic.code} ${at} ${diagnostic.message}`
    if (this.#seen.has(identity)) return
    this.#seen.add(identity)
    this.#entries.push({ diagnostic, path })
  }

  /** Whether nothing more is collected; then suggestions need not be worked out either. */
  get full(): boolean {
    return this.#entries.length >= COLLECTED_AT_MOST
  }

  get failed(): boolean {
    return this.#entries.some((entry) => entry.diagnostic.severity === 'error')
  }

  /** Whether something was said about this path, or about something inside it. */
  mentions(path: string): boolean {
    return this.#entries.some((entry) => entry.path === path || entry.path.startsWith(`${path}\u0000`))
  }

  /** The same, or about something around it. */
  covers(path: string): boolean {
    return this.mentions(path) || this.#entries.some((entry) => path.startsWith(`${entry.path}\u0000`))
  }

  /** What is shown: in the order of the file; when there is too much, errors before warnings. */
  finish(): readonly Diagnostic[] {
    const all = this.#entries.map((entry) => entry.diagnostic)
    if (all.length <= SHOWN_AT_MOST) return this.#inOrder(all)
    const errors = this.#inOrder(all.filter((diagnostic) => diagnostic.severity === 'error'))
    const warnings = this.#inOrder(all.filter((diagnostic) => diagnostic.severity === 'warning'))
    const shown = [...errors, ...warnings].slice(0, SHOWN_AT_MOST - 1)
    return [...this.#inOrder(shown), more(all.length - shown.length, errors.length > 0)]
  }

  /** The scenario's own first, then those of each imported file. */
  #inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
    const files = [...this.#imports.keys()]
    const rank = (diagnostic: Diagnostic): number => files.indexOf(diagnostic.spans[0]?.file ?? '')
    return [...diagnostics].sort((a, b) => rank(a) - rank(b) || firstOffset(a) - firstOffset(b))
  }
}

/** A path as one text, for {@link Report.covers}. */
export function pathText(path: readonly string[]): string {
  return path.join('\u0000')
}

function more(count: number, failed: boolean): Diagnostic {
  return {
    code: 'TWICESHY_MORE',
    severity: failed ? 'error' : 'warning',
    message: `and ${count >= COLLECTED_AT_MOST - SHOWN_AT_MOST ? 'many' : count} more`,
    help: 'mend these first',
    spans: [],
  }
}

function firstOffset(diagnostic: Diagnostic): number {
  const span: SourceSpan | undefined = diagnostic.spans[0]
  return span === undefined ? -1 : span.start
}
