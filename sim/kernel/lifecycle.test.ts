import { describe, expect, it } from 'vitest'
import { DISK_EVENT, DOWN, type Kernel, MESSAGE_EVENT, PAUSED, RUNNING, SYSTEM_EVENT } from './kernel.ts'
import { JITTER } from './site.ts'
import { Diary, testKernel } from './world.test.support.ts'

/** Runs an action of the world at a time, as faults do. */
function at(kernel: Kernel, time: number, action: () => void): void {
  const actions = (kernel.system as Actions | null) ?? new Actions()
  kernel.system = actions
  actions.list.push(action)
  kernel.schedule(time - kernel.now, SYSTEM_EVENT, 0, 0, actions.list.length - 1, 0, null, 0, 0)
}
class Actions {
  readonly list: (() => void)[] = []
  onSystemEvent(_kind: number, a: number): void {
    this.list[a]?.()
  }
}

function world(): { readonly kernel: Kernel; readonly diary: Diary } {
  const kernel = testKernel()
  const diary = new Diary(kernel)
  kernel.start(kernel.addNode('n'), diary)
  return { kernel, diary }
}
const message = (kernel: Kernel, time: number, what: string): void => {
  kernel.schedule(time - kernel.now, MESSAGE_EVENT, 0, 0, 0, 0, what, 0, 0)
}

describe('pause and resume', () => {
  it('what comes meanwhile waits, and happens on resuming in order', () => {
    const { kernel, diary } = world()
    at(kernel, 5, () => kernel.pause(0))
    message(kernel, 10, 'a')
    kernel.setTimer(0, 1, 20, 0, 0)
    message(kernel, 30, 'b')
    at(kernel, 100, () => kernel.resume(0))
    message(kernel, 110, 'c')
    kernel.run(100)
    expect(diary.lines).toEqual(['0 start', '100 message a', '100 timer 1 0 0', '100 message b', '110 message c'])
  })

  it('what arrives at the time of resuming does not overtake what waited', () => {
    const { kernel, diary } = world()
    at(kernel, 5, () => kernel.pause(0))
    at(kernel, 100, () => kernel.resume(0))
    message(kernel, 10, 'early')
    message(kernel, 100, 'late')
    kernel.run(100)
    expect(diary.lines.slice(1)).toEqual(['100 message early', '100 message late'])
  })

  it('a timer that went off meanwhile is cancelled by what is handled before it', () => {
    const kernel = testKernel()
    class Cancelling extends Diary {
      timer = 0
      override onStart(): void {
        this.timer = this.kernel.setTimer(0, 1, 50, 0, 0)
      }
      override onMessage(): void {
        this.note(`cancelled ${this.kernel.cancel(this.timer)}`)
      }
    }
    const diary = new Cancelling(kernel)
    kernel.start(kernel.addNode('n'), diary)
    at(kernel, 5, () => kernel.pause(0))
    message(kernel, 10, 'answer')
    at(kernel, 100, () => kernel.resume(0))
    kernel.run(100)
    expect(diary.lines).toEqual(['100 cancelled true'])
    expect(kernel.pending).toBe(0)
  })

  it('a timer that waits for a paused node can be cancelled from outside', () => {
    const { kernel, diary } = world()
    const first = kernel.setTimer(0, 1, 10, 0, 0)
    kernel.setTimer(0, 2, 10, 0, 0)
    at(kernel, 5, () => kernel.pause(0))
    at(kernel, 20, () => expect([kernel.cancel(first), kernel.cancel(first)]).toEqual([true, false]))
    at(kernel, 30, () => kernel.resume(0))
    kernel.run(100)
    expect(diary.lines).toEqual(['0 start', '30 timer 2 0 0'])
  })

  it('pausing again before what waited has happened keeps the order', () => {
    const { kernel, diary } = world()
    at(kernel, 5, () => kernel.pause(0))
    message(kernel, 10, 'a')
    message(kernel, 11, 'b')
    at(kernel, 20, () => {
      kernel.resume(0)
      kernel.pause(0)
    })
    message(kernel, 30, 'c')
    at(kernel, 40, () => kernel.resume(0))
    kernel.run(100)
    expect(diary.lines.slice(1)).toEqual(['40 message a', '40 message b', '40 message c'])
  })

  it('deliveries within an event of the world wait too, with their cause', () => {
    const { kernel, diary } = world()
    at(kernel, 5, () => kernel.pause(0))
    at(kernel, 10, () => {
      kernel.cause = 77
      kernel.deliver(0, MESSAGE_EVENT, 0, 0, 0, 'from the network')
    })
    const causes: number[] = []
    kernel.observer = { onEvent: (time) => void (time === 20 && causes.push(kernel.cause)) }
    at(kernel, 20, () => kernel.resume(0))
    kernel.run(100)
    expect(diary.lines.slice(1)).toEqual(['20 message from the network'])
    expect(causes.at(-1)).toBe(77)
  })

  it('drops of what waits are by kind and content', () => {
    const { kernel, diary } = world()
    at(kernel, 5, () => kernel.pause(0))
    for (const what of ['a1', 'b1', 'a2']) message(kernel, 10, what)
    kernel.setTimer(0, 1, 10, 0, 0)
    at(kernel, 20, () => kernel.dropParked(0, MESSAGE_EVENT, (payload) => (payload as string).startsWith('a')))
    at(kernel, 30, () => kernel.resume(0))
    kernel.run(100)
    expect(diary.lines.slice(1)).toEqual(['30 message b1', '30 timer 1 0 0'])
  })

  it('pausing what is down and resuming what runs do nothing', () => {
    const { kernel } = world()
    kernel.resume(0)
    expect(kernel.nodes[0]?.state).toBe(RUNNING)
    kernel.kill(0)
    kernel.pause(0)
    expect(kernel.nodes[0]?.state).toBe(DOWN)
    kernel.resume(0)
    expect(kernel.nodes[0]?.state).toBe(DOWN)
  })
})

describe('incarnations', () => {
  it('a killed node loses timers, disk completions and what waited; system events stay', () => {
    const { kernel, diary } = world()
    const other = new Diary(kernel)
    kernel.start(kernel.addNode('other'), other)
    kernel.setTimer(0, 1, 50, 0, 0)
    kernel.setTimer(1, 1, 50, 0, 0)
    kernel.schedule(60, DISK_EVENT, 0, 1, 0, 0, null, 0, 0)
    message(kernel, 10, 'while paused')
    at(kernel, 5, () => kernel.pause(0))
    at(kernel, 20, () => kernel.kill(0))
    let arrived = false
    at(kernel, 70, () => (arrived = true))
    kernel.run(100)
    expect(diary.lines).toEqual(['0 start'])
    expect(other.lines).toEqual(['0 start', '50 timer 1 0 0'])
    expect(arrived).toBe(true)
  })

  it('the next incarnation gets nothing of the former, and old handles are harmless', () => {
    const { kernel, diary } = world()
    const old = kernel.setTimer(0, 1, 50, 0, 0)
    const next = new Diary(kernel)
    at(kernel, 10, () => kernel.kill(0))
    at(kernel, 20, () => kernel.start(0, next))
    at(kernel, 30, () => {
      kernel.setTimer(0, 2, 10, 0, 0)
      expect(kernel.cancel(old)).toBe(false)
    })
    kernel.run(100)
    expect([diary.lines, next.lines]).toEqual([['0 start'], ['20 start', '40 timer 2 0 0']])
    expect(kernel.nodes[0]?.incarnation).toBe(2)
  })

  it('a killed node restarts running even when it was paused', () => {
    const { kernel } = world()
    kernel.pause(0)
    expect(kernel.nodes[0]?.state).toBe(PAUSED)
    kernel.kill(0)
    kernel.start(0, new Diary(kernel))
    expect([kernel.nodes[0]?.state, kernel.nodes[0]?.parked]).toEqual([RUNNING, []])
  })

  it('messages to a node that is down vanish', () => {
    const { kernel, diary } = world()
    kernel.kill(0)
    message(kernel, 10, 'nobody home')
    kernel.run(100)
    expect(diary.lines).toEqual(['0 start'])
  })

  it('starting what runs is a mistake of the world', () => {
    const { kernel, diary } = world()
    expect(() => kernel.start(0, diary)).toThrow('n is started while it runs')
  })

  it('what a node decides on starting does not depend on who else starts in the same event', () => {
    const jitters = (count: number): readonly number[] => {
      const kernel = testKernel()
      const drawn: number[] = []
      class Drawing extends Diary {
        override onStart(): void {
          drawn.push(this.kernel.decide(JITTER, 1000), this.kernel.decide(JITTER, 1000))
        }
      }
      const nodes = Array.from({ length: 3 }, () => kernel.addNode('n'))
      for (const node of nodes.slice(3 - count)) kernel.start(node, new Drawing(kernel))
      return drawn
    }
    expect(jitters(3).slice(4)).toEqual(jitters(1))
    expect(new Set(jitters(3)).size).toBe(6)
  })
})
