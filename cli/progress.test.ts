import { expect, test } from 'vitest'
import { Progress } from './progress.ts'

function onTerminal(isTTY: boolean): {
  readonly written: string[]
  readonly sink: ConstructorParameters<typeof Progress>[0]
} {
  const written: string[] = []
  return { written, sink: { write: (text) => void written.push(text), isTTY, columns: 80 } }
}

test('is one line, at most ten times a second, and goes away', () => {
  const { written, sink } = onTerminal(true)
  let now = 0
  const progress = new Progress(sink, 2000, true, () => now)
  for (let run = 0; run < 1000; run++) {
    now += 1
    progress.ran(60_000)
  }
  progress.violated()
  now += 100
  progress.ran(60_000)
  expect(written).toHaveLength(11)
  expect(written.at(-1)).toBe('\r\u001B[2K  1,001 of 2,000 runs · 910/s · 16.7 h simulated · 1 violated')
  progress.clear()
  progress.clear()
  expect(written.slice(11)).toEqual(['\r\u001B[2K'])
})

test('says nothing without a terminal, or when it is not wanted', () => {
  for (const [isTTY, enabled] of [
    [false, true],
    [true, false],
  ] as const) {
    const { written, sink } = onTerminal(isTTY)
    let now = 0
    const progress = new Progress(sink, 10, enabled, () => (now += 1000))
    progress.ran(1)
    progress.clear()
    expect(written).toEqual([])
  }
})
