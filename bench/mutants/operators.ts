import { type AnyNode, parse } from 'acorn'

/** A generic way to break code. */
export type Operator = 'negate' | 'plus-one' | 'minus-one' | 'drop' | 'swap'

/** One change of a source: what stands from `start` to `end` is replaced. */
export interface Change {
  readonly operator: Operator
  readonly start: number
  readonly end: number
  readonly replacement: string
}

/** Every change that the operators allow in a module, in the order of the source. */
export function changesOf(source: string): readonly Change[] {
  const changes: Change[] = []
  const text = (node: AnyNode): string => source.slice(node.start, node.end)
  walk(parse(source, { ecmaVersion: 'latest', sourceType: 'module' }), null, (node, parent) => {
    const add = (operator: Operator, { start, end }: AnyNode, replacement: string): void => {
      changes.push({ operator, start, end, replacement })
    }
    if (node.type === 'IfStatement' || node.type === 'WhileStatement' || node.type === 'ConditionalExpression') {
      add('negate', node.test, `(MARK && !(${text(node.test)}))`)
    } else if (node.type === 'Literal' && Number.isInteger(node.value) && !isName(node, parent)) {
      add('plus-one', node, `(MARK && ${Number(node.value) + 1})`)
      add('minus-one', node, `(MARK && ${Number(node.value) - 1})`)
    } else if (node.type === 'ExpressionStatement' && !text(node).startsWith('super(')) {
      // A constructor without super() does not run at all.
      add('drop', node, 'MARK;')
    } else if (node.type === 'CallExpression' || node.type === 'NewExpression') {
      const swapped = swappedArguments(node.arguments, text)
      if (swapped !== null)
        add('swap', node, `${node.type === 'NewExpression' ? 'new ' : ''}${text(node.callee)}(${swapped})`)
    }
  })
  return changes.sort((a, b) => a.start - b.start || b.end - a.end || compareText(a.operator, b.operator))
}

/** The first two arguments change places; null when there are not two. */
function swappedArguments(given: readonly AnyNode[], text: (node: AnyNode) => string): string | null {
  const [first, second, ...rest] = given
  if (first === undefined || second === undefined) return null
  if (first.type === 'SpreadElement' || second.type === 'SpreadElement') return null
  return [`(MARK && ${text(second)})`, text(first), ...rest.map(text)].join(', ')
}

/** A number that names something: a key of an object or class. */
function isName(node: AnyNode, parent: AnyNode | null): boolean {
  return parent !== null && 'key' in parent && parent.key === node
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function walk(node: AnyNode, parent: AnyNode | null, visit: (node: AnyNode, parent: AnyNode | null) => void): void {
  visit(node, parent)
  for (const value of Object.values(node) as readonly unknown[]) {
    for (const child of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      if (isNode(child)) walk(child, node, visit)
    }
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as { readonly type?: unknown }).type === 'string'
}
