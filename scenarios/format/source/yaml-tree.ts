import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type Scalar } from 'yaml'
import type { Report } from '../report.ts'
import type { SourceSpan } from '../scenario.ts'
import { guardText, MAX_DEPTH, MAX_NODES } from './guard.ts'
import { Positions } from './position.ts'
import type { MapEntry, MapTree, Tree } from './tree.ts'
import { reportYamlErrors } from './yaml-errors.ts'

/** Reads YAML 1.2 text. Null when the text has no usable structure; then the report says why. Never throws. */
export function readYaml(file: string, text: string, report: Report): MapTree | null {
  const positions = new Positions(file, text)
  const finding = guardText(text)
  if (finding !== null) {
    const spans = finding.offset === null ? [] : [positions.span(finding.offset, finding.offset + 1)]
    report.add('', { code: finding.code, severity: 'error', message: finding.message, help: finding.help, spans })
    return null
  }
  const document = parse(text, report)
  if (document === null) return null
  reportYamlErrors([...document.errors, ...document.warnings], text, positions, report)
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    const message = 'scenario files are YAML 1.2, this one declares another version'
    report.add('', { code: 'TWICESHY_YAML', severity: 'error', message, help: 'remove the `%YAML` line', spans: [] })
  }
  if (report.failed) return null
  return root(document, new Builder(text, positions, report), report)
}

function parse(text: string, report: Report): Document.Parsed | null {
  try {
    // Unique keys are checked by the builder: the parser compares every pair of keys.
    return parseDocument(text, { prettyErrors: false, uniqueKeys: false, logLevel: 'error', keepSourceTokens: false })
  } catch (error) {
    const message = `not YAML: ${error instanceof Error ? error.message : 'the parser failed'}`
    report.add('', { code: 'TWICESHY_YAML', severity: 'error', message, help: null, spans: [] })
    return null
  }
}

function root(document: Document.Parsed, builder: Builder, report: Report): MapTree | null {
  const contents: Node | null = document.contents
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    const help = 'begin with `scenario: <title>`; `twiceshy init` writes a first one'
    report.add('', { code: 'TWICESHY_EMPTY', severity: 'error', message: 'the file is empty', help, spans: [] })
    return null
  }
  const tree = builder.build(contents, 0)
  if (tree.kind === 'map') return report.failed && builder.exhausted ? null : tree
  if (tree.kind !== 'broken') {
    const message = `a scenario is a map of keys, and this is ${tree.kind === 'list' ? 'a list' : 'a single value'}`
    const spans = tree.span === null ? [] : [tree.span]
    report.add('', {
      code: 'TWICESHY_NOT_A_MAP',
      severity: 'error',
      message,
      help: 'begin with `scenario: <title>`',
      spans,
    })
  }
  return null
}

const INDEX_COMMENT = /[ \t]+#(\d+)(?![^\s,}\]])/y

/** Follows aliases itself, with a budget: the library's own resolution throws on unknown ones and searches for each. */
class Builder {
  readonly #text: string
  readonly #positions: Positions
  readonly #report: Report
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #nodes = 0

  constructor(text: string, positions: Positions, report: Report) {
    this.#text = text
    this.#positions = positions
    this.#report = report
  }

  get exhausted(): boolean {
    return this.#nodes > MAX_NODES
  }

  build(node: Node, depth: number): Tree {
    const span = this.#spanOf(node)
    if (isAlias(node)) return this.#alias(node.source, span, depth)
    if (node.anchor !== undefined && !this.#anchors.has(node.anchor)) this.#anchors.set(node.anchor, node)
    if (++this.#nodes > MAX_NODES || depth > MAX_DEPTH) return this.#tooMuch(span)
    if (isScalar(node)) return this.#scalar(node, span)
    this.#open.add(node)
    const tree = this.#collection(node, span, depth)
    this.#open.delete(node)
    return tree
  }

  #collection(node: Node, span: SourceSpan, depth: number): Tree {
    if (isMap(node)) return { kind: 'map', entries: this.#entries(node.items, depth), span, origin: null }
    if (!isSeq(node)) return this.#broken('TWICESHY_YAML', 'this value is not understood', null, span)
    const items: Tree[] = []
    for (const item of node.items as Node[]) {
      const before = items[items.length - 1]
      const tree = this.build(item, depth + 1)
      if (before !== undefined && this.#splitByComma(before, tree.kind === 'scalar' ? tree.source : '')) {
        items[items.length - 1] = this.#commaTrap(before, tree.kind === 'scalar' ? tree.source : '', tree.span)
      } else items.push(tree)
    }
    return { kind: 'list', items, span, origin: null }
  }

  #entries(pairs: readonly Pair[], depth: number): Map<string, MapEntry> {
    const entries = new Map<string, MapEntry>()
    let last: string | null = null
    for (const pair of pairs) {
      const key = pair.key as Node | null
      const keySpan = key === null ? null : this.#spanOf(key)
      if (key === null || !isScalar(key)) {
        this.#broken('TWICESHY_YAML', 'a key must be a word', 'quote the key', keySpan)
        continue
      }
      const name = key.source ?? String(key.value)
      const before = last === null ? undefined : entries.get(last)
      if (last !== null && before !== undefined && pair.value === null && this.#splitByComma(before.value, name)) {
        entries.set(last, { ...before, value: this.#commaTrap(before.value, name, keySpan) })
        continue
      }
      const earlier = entries.get(name)
      if (earlier !== undefined) {
        this.#duplicate(name, keySpan, earlier.keySpan)
        continue
      }
      entries.set(name, { keySpan, value: this.#value(pair.value as Node | null, keySpan, depth) })
      last = name
    }
    return entries
  }

  #value(node: Node | null, keySpan: SourceSpan | null, depth: number): Tree {
    if (node !== null) return this.build(node, depth + 1)
    this.#nodes++
    return { kind: 'scalar', value: null, source: '', indexComment: null, span: keySpan, origin: null }
  }

  #scalar(node: Scalar, span: SourceSpan): Tree {
    const raw: unknown = node.value
    const value =
      typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean' || raw === null ? raw : null
    const plain = node.type === 'PLAIN'
    const source = node.source ?? String(value)
    return {
      kind: 'scalar',
      value,
      source,
      indexComment: plain ? this.#commentAfter(span.end) : null,
      span,
      origin: null,
    }
  }

  #commentAfter(offset: number): string | null {
    INDEX_COMMENT.lastIndex = offset
    return INDEX_COMMENT.exec(this.#text)?.[1] ?? null
  }

  #alias(name: string, span: SourceSpan, depth: number): Tree {
    const node = this.#anchors.get(name)
    if (node === undefined) {
      const help = `write \`&${name}\` before the value that it stands for, or quote the text if a star was meant`
      return this.#broken('TWICESHY_ALIAS', `nothing is named \`&${name}\` before this`, help, span)
    }
    if (this.#open.has(node)) {
      return this.#broken('TWICESHY_ALIAS', `\`*${name}\` stands inside the value that it repeats`, null, span)
    }
    return this.build(node, depth + 1)
  }

  #tooMuch(span: SourceSpan): Tree {
    const message = `with its aliases written out the file has more than ${MAX_NODES} values, or nests deeper than ${MAX_DEPTH}`
    return this.#broken(
      'TWICESHY_ALIAS',
      message,
      'write the values out instead of repeating aliases of aliases',
      this.#nodes > MAX_NODES + 1 ? null : span,
    )
  }

  /** `any(a, b)` between braces or brackets is two values: `any(a` and `b)`. */
  #splitByComma(before: Tree, after: string): boolean {
    return before.kind === 'scalar' && /\([^)]*$/.test(before.source) && /^[^(]*\)$/.test(after)
  }

  #commaTrap(before: Tree, after: string, end: SourceSpan | null): Tree {
    const source = before.kind === 'scalar' ? before.source : ''
    const span = before.span === null ? end : this.#positions.span(before.span.start, end?.end ?? before.span.end)
    const inner = `${source.slice(source.indexOf('(') + 1)}, ${after.slice(0, -1)}`
    const message = `a comma ends a value here, so \`${source}, ${after}\` is read as two`
    return this.#broken('TWICESHY_YAML_TRAP', message, `write \`{ any: [${inner}] }\``, span)
  }

  #duplicate(name: string, span: SourceSpan | null, first: SourceSpan | null): void {
    const spans = [span, first].filter((each) => each !== null)
    const message = `\`${name}\` is written twice in one map`
    const help = 'merge the two, or remove one'
    this.#report.add('', { code: 'TWICESHY_DUPLICATE_KEY', severity: 'error', message, help, spans })
  }

  #broken(
    code: 'TWICESHY_YAML' | 'TWICESHY_ALIAS' | 'TWICESHY_YAML_TRAP',
    message: string,
    help: string | null,
    span: SourceSpan | null,
  ): Tree {
    this.#report.add('', { code, severity: 'error', message, help, spans: span === null ? [] : [span] })
    return { kind: 'broken', span, origin: null }
  }

  #spanOf(node: Node): SourceSpan {
    const range = node.range
    return this.#positions.span(range?.[0] ?? 0, range?.[1] ?? 0)
  }
}
