import { Report } from '../report.ts'
import { scalarTree } from './value-tree.ts'
import type { Tree } from './tree.ts'
import { readYaml } from './yaml-tree.ts'

/** The value of a `--set`, which is YAML without a place in any file. Null when it is not YAML. */
export function readYamlValue(text: string, origin: string): Tree | null {
  if (text === '') return scalarTree(null, origin)
  const report = new Report()
  const document = readYaml('--set', `value: ${text}`, report)
  const entry = document?.entries.get('value')
  return report.failed || entry === undefined || document?.entries.size !== 1 ? null : moved(entry.value, origin)
}

function moved(tree: Tree, origin: string): Tree {
  const at = { span: null, origin }
  switch (tree.kind) {
    case 'scalar':
    case 'broken':
      return { ...tree, ...at }
    case 'list':
      return { ...tree, ...at, items: tree.items.map((item) => moved(item, origin)) }
    case 'map': {
      const entries = [...tree.entries].map(
        ([key, entry]) => [key, { keySpan: null, value: moved(entry.value, origin) }] as const,
      )
      return { ...tree, ...at, entries: new Map(entries) }
    }
  }
}
