import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../kernel/time.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import { FileTree } from './file-tree.ts'
import { StoreBench } from './store-bench.test.support.ts'
import { FILED, GENERATION_FENCE, OFFSET_FENCE } from './store-effects.ts'
import type { OnBehalf, StoreFile, StoreRow } from './store-messages.ts'

const TP = (1 << 16) | 0
const BY: OnBehalf = { group: 'g', generation: 1, fence: 'none' }

function fileOf(first: number, last: number): StoreFile {
  return { tp: TP, first, last }
}

function rowsOf({ first, last }: StoreFile): readonly StoreRow[] {
  const offsets = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  return offsets.map((offset) => ({ record: 100 + offset, tp: TP, offset, key: null }))
}

class FileBench extends StoreBench {
  readonly tree: FileTree

  constructor() {
    const tree = new FileTree()
    super({ data: tree, callers: 2 })
    this.tree = tree
  }

  create(file: StoreFile, temporary: number | null, by: Partial<OnBehalf> = {}, caller = 0): this {
    return this.ask(StoreApi.StoreCreateFile, { ...BY, ...by, file, temporary }, caller)
  }

  append(file: StoreFile, temporary: number | null, by: Partial<OnBehalf> = {}, caller = 0): this {
    return this.ask(StoreApi.StoreAppendFile, { ...BY, ...by, file, temporary, rows: rowsOf(file) }, caller)
  }

  rename(file: StoreFile, temporary: number, by: Partial<OnBehalf> = {}, caller = 0): this {
    return this.ask(StoreApi.StoreRenameFile, { ...BY, ...by, file, temporary }, caller)
  }

  /** Writes a file as a sink does. */
  file(file: StoreFile, temporary: number, by: Partial<OnBehalf> = {}, caller = 0): this {
    return this.create(file, temporary, by, caller)
      .append(file, temporary, by, caller)
      .rename(file, temporary, by, caller)
  }

  listed(): number {
    return this.tree.nextOffset('g', TP)
  }

  /** Offsets that were applied, and refused with the reason. */
  get did(): readonly (readonly (number | undefined)[])[] {
    return this.seen.map(({ name, fields }) => [fields[2], name === 'effect.applied' ? fields[3] : -(fields[4] ?? 0)])
  }

  private ask(api: (typeof StoreApi)[keyof typeof StoreApi], body: object, caller: number): this {
    this.callers[caller]?.client.call(api, body, 0)
    this.runFor(100 * MILLISECOND)
    return this
  }
}

describe('files', () => {
  test('records appear with the rename, and the name tells where to go on', () => {
    const bench = new FileBench()
    bench.create(fileOf(0, 1), 7).append(fileOf(0, 1), 7)
    expect([bench.did, bench.listed()]).toEqual([[], -1])
    bench.rename(fileOf(0, 1), 7)
    expect([bench.did, bench.listed()]).toEqual([
      [
        [0, FILED],
        [1, FILED],
      ],
      2,
    ])
  })

  test('a temporary file that its writer left behind stays, and no listing shows it', () => {
    const bench = new FileBench()
    bench.create(fileOf(0, 1), 7).append(fileOf(0, 1), 7)
    bench.file(fileOf(0, 2), 8, {}, 1)
    expect([bench.listed(), bench.tree.temporaryFiles('g'), bench.tree.filedRows('g')]).toEqual([3, 1, 3])
  })

  test('a rename to a name that is there does nothing', () => {
    const bench = new FileBench()
    bench.file(fileOf(0, 1), 7).file(fileOf(0, 1), 8, {}, 1)
    expect([bench.did.length, bench.tree.filedRows('g'), bench.tree.temporaryFiles('g')]).toEqual([2, 2, 0])
  })

  test('without a fence a file of other offsets holds the same records again', () => {
    const bench = new FileBench()
    bench.file(fileOf(0, 1), 7).file(fileOf(0, 2), 8, {}, 1)
    expect(bench.did.length).toBe(5)
  })

  test('without a rename the name is there before the records are', () => {
    const bench = new FileBench()
    bench.create(fileOf(0, 1), null)
    expect([bench.listed(), bench.did]).toEqual([2, []])
    bench.append(fileOf(0, 1), null)
    expect(bench.did.length).toBe(2)
  })

  test('a request is carried out although its client has gone', () => {
    const bench = new FileBench()
    bench.callers[0]?.client.call(StoreApi.StoreCreateFile, { ...BY, file: fileOf(0, 0), temporary: null }, 0)
    bench.callers[0]?.client.call(StoreApi.StoreAppendFile, { ...BY, file: fileOf(0, 0), temporary: null, rows: [] }, 0)
    bench.runFor(4 * MILLISECOND)
    bench.network.disconnect(1, 0)
    bench.runFor(SECOND)
    expect(bench.listed()).toBe(1)
  })
})

describe('fences', () => {
  test('by offset: a file that begins before the end of another is refused', () => {
    const bench = new FileBench()
    const fence = { fence: 'offset' } as const
    bench.file(fileOf(0, 1), 7, fence).file(fileOf(1, 2), 8, fence, 1)
    expect(bench.did.slice(2)).toEqual([
      [1, -OFFSET_FENCE],
      [2, -OFFSET_FENCE],
    ])
    expect(bench.callers[1]?.answers.at(-1)?.body).toEqual({ fenced: true })
    bench.file(fileOf(2, 2), 9, fence)
    expect(bench.listed()).toBe(3)
  })

  test('by generation: whoever has been followed writes no more, also when the successor has only looked', () => {
    const bench = new FileBench()
    const [old, next] = [
      { fence: 'generation', generation: 1 },
      { fence: 'generation', generation: 2 },
    ] as const
    bench.create(fileOf(0, 0), 7, old).append(fileOf(0, 0), 7, old)
    bench.callers[1]?.client.call(StoreApi.StoreReadOffsets, { ...BY, ...next, partitions: [TP] }, 0)
    bench.runFor(100 * MILLISECOND)
    bench.rename(fileOf(0, 0), 7, old)
    expect(bench.did).toEqual([[0, -GENERATION_FENCE]])
    expect(bench.listed()).toBe(-1)
  })
})
