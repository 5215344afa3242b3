import { describe, expect, it } from 'vitest'
import { DISK_EVENT, Kernel, LAST_TIME, MESSAGE_EVENT, SIGNAL_EVENT, SYSTEM_EVENT, TIMER_EVENT } from './kernel.ts'
import { mix } from './mix.ts'
import { CHOICE, LATENCY } from './site.ts'
import { Diary, TestHasher, testKernel } from './world.test.support.ts'

function withDiary(): { readonly kernel: Kernel; readonly diary: Diary; readonly node: number } {
  const kernel = testKernel()
  const node = kernel.addNode('n')
  const diary = new Diary(kernel)
  kernel.start(node, diary)
  return { kernel, diary, node }
}

describe('Kernel', () => {
  it('hands every kind of event to its own method, at its time', () => {
    const { kernel, diary, node } = withDiary()
    kernel.schedule(30, DISK_EVENT, node, 4, 5, 6, null, 0, 0)
    kernel.schedule(20, SIGNAL_EVENT, node, 1, 2, 3, null, 0, 0)
    kernel.schedule(10, MESSAGE_EVENT, node, 0, 0, 0, 'hello', 0, 0)
    kernel.setTimer(node, 7, 40, 8, 9)
    expect(kernel.run(100)).toBe('idle')
    expect(diary.lines).toEqual(['0 start', '10 message hello', '20 signal 1 2 3', '30 disk 4 5 6', '40 timer 7 8 9'])
    expect([kernel.now, kernel.events, kernel.pending]).toEqual([40, 4, 0])
  })

  it('equal times happen in the order of scheduling, a negative tie first', () => {
    const { kernel, diary, node } = withDiary()
    for (let i = 0; i < 3; i++) kernel.setTimer(node, i, 10, 0, 0)
    kernel.schedule(10, TIMER_EVENT, node, 9, 0, 0, null, 9, -1)
    kernel.run(100)
    expect(diary.lines.slice(1)).toEqual(['10 timer 9 0 0', '10 timer 0 0 0', '10 timer 1 0 0', '10 timer 2 0 0'])
  })

  it('hands system events to the world', () => {
    const { kernel, diary } = withDiary()
    const seen: unknown[] = []
    kernel.system = { onSystemEvent: (kind, a, b, payload) => seen.push([kernel.now, kind, a, b, payload]) }
    kernel.schedule(5, SYSTEM_EVENT, 0, 1, 2, 3, 'payload', 0, 0)
    kernel.run(100)
    expect(seen).toEqual([[5, 1, 2, 3, 'payload']])
    expect(diary.lines).toEqual(['0 start'])
  })

  it.each([-1, 0.5, Number.NaN, LAST_TIME, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])(
    'refuses an event %d from now',
    (delay) => {
      const { kernel, node } = withDiary()
      expect(() => kernel.setTimer(node, 1, delay, 0, 0)).toThrow(/no time for an event/)
      expect(kernel.pending).toBe(0)
    },
  )

  it('run says why it ended', () => {
    const { kernel, node } = withDiary()
    for (let i = 0; i < 5; i++) kernel.setTimer(node, i, i, 0, 0)
    expect(kernel.run(2)).toBe('max-events')
    kernel.system = { onSystemEvent: () => kernel.stop() }
    kernel.schedule(0, SYSTEM_EVENT, 0, 0, 0, 0, null, 0, -1)
    expect(kernel.run(100)).toBe('stopped')
    expect(kernel.events).toBe(3)
    expect(kernel.run(100)).toBe('idle')
    expect(kernel.events).toBe(6)
  })

  it('cancelling works once, and never hits a later use of the slot', () => {
    const { kernel, diary, node } = withDiary()
    const first = kernel.setTimer(node, 1, 10, 0, 0)
    expect(kernel.cancel(first)).toBe(true)
    expect(kernel.cancel(first)).toBe(false)
    kernel.setTimer(node, 2, 10, 0, 0)
    expect(kernel.cancel(first)).toBe(false)
    expect(kernel.cancel(0)).toBe(false)
    kernel.run(100)
    expect(diary.lines.slice(1)).toEqual(['10 timer 2 0 0'])
  })

  it.each(['heap', 'wheel'] as const)(
    'the %s holds exactly the live timers: requests with cancelled 30 s timeouts',
    (queue) => {
      const kernel = testKernel({ queue })
      const inFlight = 100
      let live = 0
      /** Each answer cancels its request's timeout and sends the next request. */
      class Client extends Diary {
        timeouts: number[] = []
        override onStart(): void {
          for (let i = 0; i < inFlight; i++) this.request(i)
        }
        override onTimer(kind: number, a: number): void {
          live--
          if (kind !== 1) return
          if (this.kernel.cancel(this.timeouts[a] as number)) live--
          this.request(a)
        }
        private request(index: number): void {
          this.timeouts[index] = this.kernel.setTimer(0, 2, 30_000_000, index, 0)
          this.kernel.setTimer(0, 1, 200 + this.kernel.decide(LATENCY, 1801), index, 0)
          live += 2
        }
      }
      kernel.start(kernel.addNode('client'), new Client(kernel))
      for (let i = 0; i < 20_000; i++) {
        kernel.step()
        if (kernel.pending !== live) expect(kernel.pending).toBe(live)
      }
      expect(kernel.pending).toBe(2 * inFlight)
    },
  )

  it('keeps all events when thousands wait', () => {
    for (const queue of ['heap', 'wheel'] as const) {
      const kernel = testKernel({ queue })
      const diary = new Diary(kernel)
      kernel.start(kernel.addNode('n'), diary)
      for (let i = 0; i < 5000; i++) kernel.schedule(mix(i, 0, 0, 0) & 0xfff, MESSAGE_EVENT, 0, 0, 0, 0, i, 0, 0)
      kernel.run(10_000)
      expect(new Set(diary.lines).size).toBe(5001)
      const times = diary.lines.map((line) => Number(line.split(' ')[0]))
      expect(times.every((time, i) => i === 0 || time >= (times[i - 1] as number))).toBe(true)
    }
  })

  it('names who waits for what when nothing is scheduled any more', () => {
    const kernel = testKernel()
    for (const name of ['broker-1', 'broker-2', 'broker-3']) kernel.start(kernel.addNode(name), new Diary(kernel))
    const waits: readonly (readonly string[])[] = [['a fetch of offset 5', 'its registration'], [], ['nobody']]
    for (const [node, waitsFor] of waits.entries()) {
      const diary = kernel.nodes[node]?.handler
      if (diary instanceof Diary) diary.waitsFor = waitsFor
    }
    kernel.kill(2)
    expect(kernel.run(10)).toBe('idle')
    expect(kernel.waiting()).toEqual(['broker-1 waits for a fetch of offset 5', 'broker-1 waits for its registration'])
  })

  it('wall clocks follow time with their offset', () => {
    const { kernel, node } = withDiary()
    kernel.setTimer(node, 1, 1000, 0, 0)
    kernel.run(1)
    expect(kernel.wallClock(node)).toBe(1000)
    kernel.nodes[node]?.wall.step(-300)
    expect([kernel.wallClock(node), kernel.now]).toEqual([700, 1000])
    // Timers do not look at it.
    kernel.setTimer(node, 1, 500, 0, 0)
    kernel.nodes[node]?.wall.tilt(-1_000_000, kernel.now)
    kernel.run(2)
    expect([kernel.wallClock(node), kernel.now]).toEqual([700, 1500])
  })

  it('the digest covers events that write nothing', () => {
    const digest = (delay: number): string => {
      const kernel = testKernel()
      kernel.start(kernel.addNode('n'), new Diary(kernel))
      kernel.setTimer(0, 1, delay, 0, 0)
      kernel.setTimer(0, 2, 50, 0, 0)
      kernel.run(10)
      return kernel.digest()
    }
    expect(digest(10)).toBe(digest(10))
    expect(digest(10)).not.toBe(digest(11))
  })

  it('decides by seed', () => {
    const choices = (seed: string): readonly number[] => {
      const kernel = new Kernel({ seed, hasher: new TestHasher() })
      return Array.from({ length: 10 }, () => kernel.decide(CHOICE, 1000))
    }
    expect(choices('1')).toEqual(choices('1'))
    expect(choices('1')).not.toEqual(choices('2'))
    expect(new Set(choices('1')).size).toBeGreaterThan(8)
  })
})
