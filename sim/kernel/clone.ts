/**
 * Copies a running world as an object graph: prototypes and shared references are kept, so classes need no code of their
 * own. A function anywhere in the state is an error, because a closure's variables cannot be copied: that is the proof that
 * the world is plain data.
 *
 * `copyNative` may copy what has no fields to copy, such as a hasher of the machine; it returns undefined for the rest.
 */
export function cloneGraph<T>(root: T, copyNative: (value: object) => object | undefined = () => undefined): T {
  const copies = new Map<object, object>()
  const pending: { readonly from: object; readonly to: object }[] = []

  const copyOf = (value: unknown, path: string): unknown => {
    if (typeof value === 'function') throw new TypeError(`a function is part of the world's state at ${path}`)
    if (typeof value !== 'object' || value === null) return value
    const known = copies.get(value)
    if (known !== undefined) return known
    const copy = copyNative(value) ?? shellOf(value)
    copies.set(value, copy)
    return copy
  }

  const shellOf = (value: object): object => {
    if (value instanceof ArrayBuffer) return value.slice(0)
    if (ArrayBuffer.isView(value)) {
      const view = value as Uint8Array
      const buffer = copyOf(view.buffer, 'buffer') as ArrayBuffer
      const Type = view.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => object
      return new Type(buffer, view.byteOffset, value instanceof DataView ? value.byteLength : view.length)
    }
    if (Array.isArray(value)) {
      const copy: unknown[] = []
      // An array may end in holes, which have no keys.
      copy.length = value.length
      pending.push({ from: value, to: copy })
      return copy
    }
    const copy: object =
      value instanceof Map
        ? new Map()
        : value instanceof Set
          ? new Set()
          : (Object.create(Object.getPrototypeOf(value)) as object)
    pending.push({ from: value, to: copy })
    return copy
  }

  const result = copyOf(root, 'world') as T
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { from, to } = next
    if (from instanceof Map) {
      for (const [key, value] of from) (to as Map<unknown, unknown>).set(copyOf(key, 'map'), copyOf(value, String(key)))
    } else if (from instanceof Set) {
      for (const value of from) (to as Set<unknown>).add(copyOf(value, 'set'))
    }
    const source = from as Record<string, unknown>
    for (const key of Object.keys(source)) {
      const path = `${(from.constructor as { readonly name: string } | undefined)?.name ?? 'object'}.${key}`
      Object.defineProperty(to, key, {
        value: copyOf(source[key], path),
        writable: true,
        enumerable: true,
        configurable: true,
      })
    }
  }
  return result
}
