import { type DiagnosticCode, pathText, type Report } from './report.ts'
import type { SourceSpan } from './scenario.ts'
import { isNull, type Tree } from './source/tree.ts'
import { didYouMean, listOf } from './suggest.ts'

/** One place of a scenario: what stands there, where that is, and how to say what is wrong with it. */
export class Place {
  readonly report: Report
  readonly path: readonly string[]
  /** Null when nothing is written there. */
  readonly tree: Tree | null
  readonly keySpan: SourceSpan | null

  constructor(report: Report, path: readonly string[], tree: Tree | null, keySpan: SourceSpan | null) {
    this.report = report
    this.path = path
    this.tree = tree
    this.keySpan = keySpan
  }

  /** Whether something is written here; an empty value counts as nothing. */
  get written(): boolean {
    return this.tree !== null && !isNull(this.tree)
  }

  /** Whether what is written here was refused already. */
  get broken(): boolean {
    return this.tree?.kind === 'broken'
  }

  /** Whether the value stands in an imported file, which Kafka reads too. */
  get imported(): boolean {
    return this.tree?.span != null && this.report.imports.has(this.tree.span.file)
  }

  /** The last part of the path. */
  get name(): string {
    return this.path[this.path.length - 1] ?? ''
  }

  /** Where a message about this place points: at the value, or at the key of a map or list. */
  get span(): SourceSpan | null {
    const tree = this.tree
    if (tree === null) return this.keySpan
    if (tree.kind === 'scalar' && tree.value !== null) return tree.span
    return this.keySpan ?? tree.span
  }

  /** Such as `topics.orders` or `faults[0].crash`. */
  get words(): string {
    return wordsOf(this.path)
  }

  get(key: string): Place {
    const entry = this.tree?.kind === 'map' ? this.tree.entries.get(key) : undefined
    return new Place(this.report, [...this.path, key], entry?.value ?? null, entry?.keySpan ?? null)
  }

  has(key: string): boolean {
    return this.get(key).written
  }

  /** The entries of a map, also those with an empty value, in the order of the file. */
  entries(): readonly Place[] {
    const tree = this.tree
    if (tree?.kind !== 'map') return []
    return [...tree.entries].map(
      ([key, entry]) => new Place(this.report, [...this.path, key], entry.value, entry.keySpan),
    )
  }

  /** The same map with some of its entries only. */
  filtered(keep: (entry: Place) => boolean): Place {
    const { tree } = this
    if (tree?.kind !== 'map') return this
    const kept = new Set(
      this.entries()
        .filter(keep)
        .map(({ name }) => name),
    )
    const entries = new Map([...tree.entries].filter(([name]) => kept.has(name)))
    return new Place(this.report, this.path, { ...tree, entries }, this.keySpan)
  }

  items(): readonly Place[] {
    const tree = this.tree
    if (tree?.kind !== 'list') return []
    return tree.items.map((item, index) => new Place(this.report, [...this.path, String(index)], item, null))
  }

  /** The items of a list, or the one value that stands in its place. */
  oneOrMore(): readonly Place[] {
    return this.tree?.kind === 'list' ? this.items() : this.written ? [this] : []
  }

  /** A single value as written in the source, or null. */
  text(): string | null {
    const tree = this.tree
    return tree?.kind === 'scalar' && tree.value !== null ? tree.source : null
  }

  /** Says that a key is missing here; points at the map that should have it. */
  missing(key: string, message: string, help: string): void {
    new Place(this.report, [...this.path, key], null, this.span).error('TWICESHY_MISSING', message, help)
  }

  /** Whether a map stands here, or nothing; else says so. */
  expectMap(what: string): boolean {
    if (!this.written || this.tree?.kind === 'map') return true
    this.wrongType(`${what} must be a map of keys`)
    return false
  }

  expectList(what: string): boolean {
    if (!this.written || this.tree?.kind === 'list') return true
    this.wrongType(`${what} must be a list`)
    return false
  }

  wrongType(message: string, help: string | null = null): void {
    if (this.broken) return
    this.error('TWICESHY_TYPE', `${message}, not ${this.describe()}`, help)
  }

  error(code: DiagnosticCode, message: string, help: string | null = null, ...others: readonly Place[]): void {
    this.#say('error', code, message, help, others)
  }

  warning(code: DiagnosticCode, message: string, help: string | null = null, ...others: readonly Place[]): void {
    this.#say('warning', code, message, help, others)
  }

  /** The same place, pointing at its key instead of its value. */
  atKey(): Place {
    const origin = this.tree?.origin ?? null
    const tree: Tree | null = origin === null ? null : { kind: 'broken', span: null, origin }
    return new Place(this.report, this.path, tree, this.keySpan ?? this.span)
  }

  keyError(code: DiagnosticCode, message: string, help: string | null = null): void {
    this.atKey().error(code, message, help)
  }

  /** Refuses what is part of the format and not built yet. Returns false, for use as a condition. */
  notSimulated(what: string, help: string | null = null): false {
    if (!this.broken) this.keyErrorOrValue('TWICESHY_NOT_SIMULATED', `${what} is not simulated yet`, help)
    return false
  }

  keyErrorOrValue(code: DiagnosticCode, message: string, help: string | null): void {
    if (this.keySpan !== null) this.keyError(code, message, help)
    else this.error(code, message, help)
  }

  /** One of some words. Null when it is none, which is reported. */
  word<T extends string>(words: readonly T[], what: string): T | null {
    if (!this.written || this.broken) return null
    const text = this.text()
    const found = words.find((word) => word === text)
    if (found !== undefined) return found
    const help = text === null || this.report.full ? null : didYouMean(text, words)
    const expected = words.length > 12 ? 'a known name' : listOf(words, 'or')
    this.error('TWICESHY_VALUE', `${what} must be ${expected}, not ${this.describe()}`, help)
    return null
  }

  /** A whole number within limits; `fallback` when nothing usable is written. */
  integer<T>(what: string, min: number, max: number, fallback: T): number | T {
    if (!this.written || this.broken) return fallback
    const value = this.tree?.kind === 'scalar' ? this.tree.value : null
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      this.error('TWICESHY_TYPE', `${what} must be a whole number, not ${this.describe()}`)
      return fallback
    }
    if (value >= min && value <= max) return value
    const range = value < min ? `at least ${min}` : `at most ${max}`
    this.error('TWICESHY_RANGE', `${what} must be ${range}, not ${this.describe()}`)
    return fallback
  }

  boolean(what: string, fallback: boolean): boolean {
    if (!this.written || this.broken) return fallback
    const value = this.tree?.kind === 'scalar' ? this.tree.value : null
    if (typeof value === 'boolean') return value
    this.error('TWICESHY_TYPE', `${what} must be \`true\` or \`false\`, not ${this.describe()}`)
    return fallback
  }

  /** What stands here, for messages. */
  describe(): string {
    const tree = this.tree
    if (tree === null || isNull(tree)) return 'nothing'
    if (tree.kind === 'list') return 'a list'
    if (tree.kind !== 'scalar') return 'a map'
    const source = tree.source.length > 80 ? `${tree.source.slice(0, 77)}...` : tree.source
    return `\`${source.replaceAll('\n', ' ')}\``
  }

  #say(
    severity: 'error' | 'warning',
    code: DiagnosticCode,
    message: string,
    help: string | null,
    others: readonly Place[],
  ): void {
    const spans = [this, ...others].map((place) => place.span).filter((span) => span !== null)
    const origin = this.tree?.origin ?? others.find((other) => other.tree?.origin != null)?.tree?.origin ?? null
    const from = origin === null ? '' : ` (set by \`${origin}\`)`
    this.report.add(pathText(this.path), { code, severity, message: message + from, help, spans: distinct(spans) })
  }
}

function distinct(spans: readonly SourceSpan[]): readonly SourceSpan[] {
  return spans.filter(
    (span, index) => spans.findIndex((other) => other.file === span.file && other.start === span.start) === index,
  )
}

/** A path in words: dots between keys, list positions in brackets. */
export function wordsOf(path: readonly string[]): string {
  return path
    .map((part, index) => (index > 0 && /^\d+$/.test(part) ? `[${part}]` : index > 0 ? `.${part}` : part))
    .join('')
}
