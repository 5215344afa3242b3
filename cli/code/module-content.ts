/** What a module exports, as data that crosses threads. */
export interface ModuleContent {
  readonly value: unknown
  /** Where something stands that is no data, and of which type it is. */
  readonly odd: readonly Odd[]
}

interface Odd {
  readonly path: readonly string[]
  readonly type: 'function' | 'symbol'
}

/** Deeper than any scenario; whoever reads the copy says so. */
const DEEPEST = 100

/**
 * Copies what a module exports. A function that stands where a handler may stand becomes a reference to itself, by the
 * module and the way to it.
 *
 * @param file the module's own name, as a reference beside it has it
 */
export function contentOf(exported: unknown, file: string): ModuleContent {
  const odd: Odd[] = []
  const copies = new Map<object, object>()

  const copy = (value: unknown, path: readonly string[]): unknown => {
    if (typeof value === 'function' && isHandler(path)) return `./${file}#/${path.map(escaped).join('/')}`
    if (typeof value === 'function' || typeof value === 'symbol') {
      odd.push({ path, type: typeof value as Odd['type'] })
      return null
    }
    if (typeof value !== 'object' || value === null || path.length > DEEPEST) return value
    const known = copies.get(value)
    if (known !== undefined) return known
    if (Array.isArray(value)) {
      const list: unknown[] = []
      copies.set(value, list)
      value.forEach((inner: unknown, at) => list.push(copy(inner, [...path, String(at)])))
      return list
    }
    const map: Record<string, unknown> = {}
    copies.set(value, map)
    for (const key of Object.keys(value)) {
      const inner = copy((value as Record<string, unknown>)[key], [...path, key])
      Object.defineProperty(map, key, { value: inner, enumerable: true, writable: true, configurable: true })
    }
    return map
  }

  return { value: copy(exported, []), odd }
}

/** The value again, with something of the same type wherever no data stood. */
export function valueOf({ value, odd }: ModuleContent): unknown {
  let whole = value
  for (const { path, type } of odd) {
    const one = type === 'function' ? (): void => {} : Symbol('from a module')
    const last = path[path.length - 1]
    if (last === undefined) whole = one
    else
      (path.slice(0, -1).reduce((at, key) => (at as Record<string, unknown>)[key], whole) as Record<string, unknown>)[
        last
      ] = one
  }
  return whole
}

const READERS: readonly unknown[] = ['consumers', 'processors', 'sinks']

/** `consumers.x.handler`, or of a processor or sink, in the scenario or in one of its variants. */
function isHandler(path: readonly string[]): boolean {
  const own = path[0] === 'variants' ? path.slice(2) : path
  return own.length === 3 && READERS.includes(own[0]) && own[2] === 'handler'
}

/** A part of a JSON pointer (RFC 6901). */
function escaped(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** What stands at a JSON pointer; undefined where there is nothing. */
export function valueAt(value: unknown, pointer: string): unknown {
  const parts = pointer.split('/').slice(1)
  return parts.reduce<unknown>((at, part) => {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    return typeof at === 'object' && at !== null && Object.hasOwn(at, key)
      ? (at as Record<string, unknown>)[key]
      : undefined
  }, value)
}
