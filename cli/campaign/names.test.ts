import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '../package-root.ts'
import { campaignPaths } from './names.ts'

const root = packageRoot()
const context = { root, console: { cwd: root } } as Parameters<typeof campaignPaths>[1]
const files = readdirSync(join(root, 'scenarios', 'campaigns'))

describe('campaigns are found by name', () => {
  test.each(files)('%s', (file) => {
    expect(campaignPaths([file.replace(/\.yaml$/, '')], context)).toEqual([join('scenarios', 'campaigns', file)])
  })

  test('a word that exists as a file, or looks like a path, is one', () => {
    expect(campaignPaths(['scenarios', 'mine.yaml', './mine', ''], context)).toEqual([
      'scenarios',
      'mine.yaml',
      './mine',
      '',
    ])
  })

  test('a word that is neither is refused, with the nearest name', () => {
    expect(() => campaignPaths(['exactly-onc'], context)).toThrow('there is no campaign and no file "exactly-onc"')
  })
})
