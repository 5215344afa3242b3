/** Words for proofs, the same on every machine. */

/** A moment of simulated time: `3.402s`, with microseconds only where there are any. */
export function seconds(us: number): string {
  const fraction = String(us % 1_000_000).padStart(6, '0')
  return `${Math.floor(us / 1_000_000)}.${fraction.endsWith('000') ? fraction.slice(0, 3) : fraction}s`
}

/** `1 record`, `12 records` */
export function counted(n: number, one: string, many: string = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

/** `a`, `a and b`, `a, b and c` */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? ''
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1] ?? ''}`
}

/** At most `most` of the items, then how many more there are. */
export function someOf(items: readonly string[], most: number): string {
  if (items.length <= most) return listed(items)
  return `${items.slice(0, most).join(', ')} and ${items.length - most} more`
}
