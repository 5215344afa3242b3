/** Helpers for lists of a few items on the path of every record, where the array's own methods cost more than the work. */

/** `list.includes(id)` */
export function isAmong(list: readonly number[], id: number): boolean {
  for (let i = 0; i < list.length; i++) if (list[i] === id) return true
  return false
}

/** `list.length = 0`, which is a slow call even on an empty list. */
export function empty(list: unknown[]): void {
  while (list.length > 0) list.pop()
}

/** Takes an item out, if it is there; `list.splice(at, 1)` would make a list of it. */
export function takeOut<T>(list: T[], item: T): void {
  const at = list.indexOf(item)
  if (at < 0) return
  for (let i = at + 1; i < list.length; i++) list[i - 1] = list[i] as T
  list.pop()
}
