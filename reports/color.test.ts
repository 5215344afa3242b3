import { expect, test } from 'vitest'
import { colorLevel } from './color.ts'

const off = { flag: false, env: {}, isTTY: true } as const

test('flags beat everything', () => {
  expect(colorLevel({ ...off, env: { FORCE_COLOR: '3' } })).toBe(0)
  expect(colorLevel({ flag: true, env: { NO_COLOR: '1', FORCE_COLOR: '0', TERM: 'dumb' }, isTTY: false })).toBe(1)
})

test('FORCE_COLOR beats NO_COLOR and the lack of a terminal', () => {
  expect(colorLevel({ flag: null, env: { FORCE_COLOR: '1', NO_COLOR: '1' }, isTTY: false })).toBe(1)
  expect(colorLevel({ flag: null, env: { FORCE_COLOR: '3' }, isTTY: false })).toBe(3)
  expect(colorLevel({ flag: null, env: { FORCE_COLOR: '0' }, isTTY: true })).toBe(0)
  expect(colorLevel({ flag: null, env: { FORCE_COLOR: '' }, isTTY: false })).toBe(1)
})

test('NO_COLOR counts when it is not empty, then a dumb terminal', () => {
  expect(colorLevel({ flag: null, env: { NO_COLOR: '1' }, isTTY: true })).toBe(0)
  expect(colorLevel({ flag: null, env: { NO_COLOR: '' }, isTTY: true })).toBe(1)
  expect(colorLevel({ flag: null, env: { TERM: 'dumb' }, isTTY: true })).toBe(0)
})

test('otherwise a terminal or a known CI log is coloured', () => {
  expect(colorLevel({ flag: null, env: {}, isTTY: false })).toBe(0)
  expect(colorLevel({ flag: null, env: { TERM: 'xterm-256color' }, isTTY: true })).toBe(2)
  expect(colorLevel({ flag: null, env: { COLORTERM: 'truecolor' }, isTTY: true })).toBe(3)
  expect(colorLevel({ flag: null, env: { GITHUB_ACTIONS: 'true' }, isTTY: false })).toBe(1)
})
