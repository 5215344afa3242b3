import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MUTANTS } from '../../properties/mutants/mutants.ts'
import { builtFile, patched } from '../../properties/mutants/patch.ts'
import { packageRoot } from '../package-root.ts'

const root = packageRoot()

describe.each(MUTANTS)('mutant $id', (mutant) => {
  test('fits what is built', () => {
    expect(() => patched(readFileSync(join(root, builtFile(mutant.file)), 'utf8'), mutant)).not.toThrow()
  })

  test('is caught by a scenario that exists, or argued', () => {
    if (mutant.caughtBy === null) expect(mutant.equivalent).toBeTruthy()
    else expect(existsSync(join(root, 'scenarios', `${mutant.caughtBy.scenario}.yaml`))).toBe(true)
  })
})

test('mutants have names of their own', () => {
  expect(new Set(MUTANTS.map(({ id }) => id)).size).toBe(MUTANTS.length)
})
