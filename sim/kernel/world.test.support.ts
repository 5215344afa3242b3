import type { Hasher } from '../host.ts'
import { Kernel, type KernelOptions } from './kernel.ts'
import { mix } from './mix.ts'
import type { NodeHandler } from './node.ts'

/** A small digest without the machine, made of plain data so that a cloned world takes it along. Sees every word of four bytes. */
export class TestHasher implements Hasher {
  bytes = 0
  private lane1 = 1
  private lane2 = 2

  update(chunk: Uint8Array): void {
    for (const word of new Int32Array(chunk.buffer, chunk.byteOffset, chunk.length >> 2)) {
      this.lane1 = mix(this.lane1, word, this.lane2, this.bytes)
      this.lane2 = mix(this.lane2, this.lane1, word, 7)
      this.bytes += 4
    }
  }

  copy(): Hasher {
    return Object.assign(new TestHasher(), this)
  }

  digest(): string {
    return [this.lane1, this.lane2].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
  }
}

export function testKernel(options: Partial<KernelOptions> = {}): Kernel {
  return new Kernel({ seed: '1', hasher: new TestHasher(), ...options })
}

/** Writes down what it is told, with the time. */
export class Diary implements NodeHandler {
  readonly lines: string[] = []
  waitsFor: readonly string[] = []
  protected readonly kernel: Kernel

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  onStart(): void {
    this.note('start')
  }
  onMessage(message: unknown): void {
    this.note(`message ${String(message)}`)
  }
  onSignal(kind: number, a: number, b: number): void {
    this.note(`signal ${kind} ${a} ${b}`)
  }
  onTimer(kind: number, a: number, b: number): void {
    this.note(`timer ${kind} ${a} ${b}`)
  }
  onDisk(kind: number, a: number, b: number): void {
    this.note(`disk ${kind} ${a} ${b}`)
  }
  waiting(): readonly string[] {
    return this.waitsFor
  }

  protected note(what: string): void {
    this.lines.push(`${this.kernel.now} ${what}`)
  }
}
