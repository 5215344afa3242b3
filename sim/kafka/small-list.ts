/** Helpers for lists of a few numbers on the path of every record, where the array's own methods cost more than the work. */

/** `list.includes(id)` */
export function isAmong(list: readonly number[], id: number): boolean {
  for (let i = 0; i < list.length; i++) if (list[i] === id) return true
  return false
}

/** `list.length = 0`, which is a slow call even on an empty list. */
export function empty(list: unknown[]): void {
  while (list.length > 0) list.pop()
}
