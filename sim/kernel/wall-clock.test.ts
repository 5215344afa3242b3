import { describe, expect, it } from 'vitest'
import { HOUR, MILLISECOND, SECOND } from './time.ts'
import { WallClock } from './wall-clock.ts'

describe('a wall clock', () => {
  it('shows simulated time', () => {
    expect(new WallClock().at(5 * SECOND)).toBe(5 * SECOND)
  })

  it('is stepped forward and back, each by so much', () => {
    const clock = new WallClock()
    clock.step(HOUR)
    clock.step(-2 * HOUR)
    expect(clock.at(5 * SECOND)).toBe(5 * SECOND - HOUR)
  })

  it('runs fast from the time on at which it begins to', () => {
    const clock = new WallClock()
    clock.tilt(100 * MILLISECOND, 7 * SECOND)
    expect(clock.at(7 * SECOND)).toBe(7 * SECOND)
    expect(clock.at(17 * SECOND)).toBe(18 * SECOND)
  })

  it('runs slow, and with as much as a second in a second stands still', () => {
    const clock = new WallClock()
    clock.tilt(-SECOND, 4 * SECOND)
    expect([clock.at(4 * SECOND), clock.at(9 * SECOND)]).toEqual([4 * SECOND, 4 * SECOND])
  })

  it('is right again to the microsecond when all is taken back, in whatever order', () => {
    const clock = new WallClock()
    clock.tilt(333, 1_234_567)
    clock.step(-HOUR)
    clock.tilt(-77, 2_345_678)
    clock.tilt(-333, 1_234_567)
    clock.step(HOUR)
    clock.tilt(77, 2_345_678)
    expect(clock.at(98_765_432)).toBe(98_765_432)
  })
})
