import { expect, test } from 'vitest'
import type { Hasher } from '../host.ts'
import { Kernel } from '../kernel/kernel.ts'
import type { NodeHandler } from '../kernel/node.ts'
import { samplerOf } from '../kernel/sampler.ts'
import { Disk } from './disk.ts'
import { DiskQueue } from './disk-queue.ts'

const NO_HASH: Hasher = { update: () => {}, copy: () => NO_HASH, digest: () => '' }

/** Notes what its disk did, and when. Timer `a` asks for operation `a`. */
class Writer implements NodeHandler {
  readonly done: string[] = []
  readonly queue: DiskQueue
  readonly kernel: Kernel
  constructor(kernel: Kernel, disk: Disk) {
    this.kernel = kernel
    this.queue = new DiskQueue(kernel, 0, disk)
  }
  onStart(): void {}
  onMessage(): void {}
  onSignal(): void {}
  onTimer(_kind: number, a: number): void {
    if (this.queue.admit(3, a, a * 2, 'payload')) this.done.push(`${a} at once at ${this.kernel.now}`)
  }
  onDisk(kind: number, a: number, b: number, payload: unknown): void {
    this.queue.completed()
    this.done.push(`${kind} ${a} ${b} ${String(payload)} at ${this.kernel.now}`)
  }
  waiting(): readonly string[] {
    return []
  }
}

function world(): { kernel: Kernel; disk: Disk; writer: Writer } {
  const kernel = new Kernel({ seed: 'disk', hasher: NO_HASH })
  const disk = new Disk()
  kernel.addNode('broker-1')
  const writer = new Writer(kernel, disk)
  kernel.start(0, writer)
  return { kernel, disk, writer }
}

test('a disk as fast as usual takes no time and schedules nothing', () => {
  const { kernel, writer } = world()
  expect(writer.queue.admit(3, 1, 2, null)).toBe(true)
  expect(kernel.pending).toBe(0)
})

test('a slow disk takes its extra time', () => {
  const { kernel, disk, writer } = world()
  disk.beginSlow(samplerOf({ kind: 'constant', us: 500 }))
  kernel.setTimer(0, 1, 10, 1, 0)
  kernel.run(100)
  expect(writer.done).toEqual(['3 1 2 payload at 510'])
  expect(writer.queue.length).toBe(0)
})

test('an operation on a disk that is fast again waits for the slow ones before it', () => {
  const { kernel, disk, writer } = world()
  disk.beginSlow(samplerOf({ kind: 'constant', us: 500 }))
  writer.onTimer(1, 1)
  disk.endSlow()
  writer.onTimer(1, 2)
  kernel.setTimer(0, 1, 500, 3, 0)
  kernel.setTimer(0, 1, 600, 4, 0)
  kernel.run(100)
  expect(writer.done).toEqual(['3 1 2 payload at 500', '3 2 4 payload at 500', '3 at once at 500', '4 at once at 600'])
})

test('operations with drawn times finish in the order they were asked for', () => {
  const { kernel, disk, writer } = world()
  disk.beginSlow(samplerOf({ kind: 'uniform', minUs: 1, maxUs: 1000 }))
  for (let n = 0; n < 50; n++) kernel.setTimer(0, 1, n * 20, n, 0)
  kernel.run(1000)
  expect(writer.done.map((line) => Number(line.split(' ')[1]))).toEqual(Array.from({ length: 50 }, (_, n) => n))
  expect(kernel.now).toBeGreaterThan(1000)
  expect(new Set(writer.done.map((line) => line.split(' at ')[1])).size).toBeGreaterThan(5)
})

test('a killed process gets no completions', () => {
  const { kernel, disk, writer } = world()
  disk.beginSlow(samplerOf({ kind: 'constant', us: 500 }))
  writer.onTimer(1, 1)
  kernel.kill(0)
  kernel.run(100)
  expect(writer.done).toEqual([])
})
