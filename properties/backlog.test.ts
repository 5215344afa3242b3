import { describe, expect, it } from 'vitest'
import { Backlog } from './backlog.ts'

/** Adds moments until there is no room; returns how many there were. */
function fill(backlog: Backlog): number {
  let added = 1
  while (!backlog.add(added, added + 0.5, -1, 1, 2, 3, 4, 5, 6, 7, -8)) added++
  return added
}

function shown(backlog: Backlog): readonly (readonly number[])[] {
  const seen: number[][] = []
  backlog.show({ onMoment: (...moment) => seen.push(moment) })
  return seen
}

describe('moments that wait to be judged', () => {
  it('are shown as they happened, in their order', () => {
    const backlog = new Backlog()
    const added = fill(backlog)
    const seen = shown(backlog)
    expect(seen.map(([kind]) => kind)).toEqual(Array.from({ length: added }, (_, place) => place + 1))
    expect(seen[2]).toEqual([3, 3.5, -1, 1, 2, 3, 4, 5, 6, 7, -8])
  })

  it('are shown once, and make room', () => {
    const backlog = new Backlog()
    const added = fill(backlog)
    shown(backlog)
    expect(shown(backlog)).toEqual([])
    expect(fill(backlog)).toBe(added)
  })

  it('keep their times to the microsecond, however late', () => {
    const backlog = new Backlog()
    const late = Number.MAX_SAFE_INTEGER
    backlog.add(9, late, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    expect(shown(backlog)[0]?.[1]).toBe(late)
  })
})
