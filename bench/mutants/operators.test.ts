import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../cli/package-root.ts'
import { patched } from '../../properties/mutants/patch.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { changesOf } from './operators.ts'
import { sampleMutants } from './sample.ts'

/** Sources that the operators make of a source. */
function mutated(source: string): readonly string[] {
  return changesOf(source).map(
    ({ start, end, replacement }) => source.slice(0, start) + replacement + source.slice(end),
  )
}

describe('generic operators', () => {
  it('negate conditions', () => {
    expect(mutated('if (a > b) c = d')).toContain('if ((MARK && !(a > b))) c = d')
    expect(mutated('x = a ? b : c')).toContain('x = (MARK && !(a)) ? b : c')
  })

  it('add and take one, but never rename what a number names', () => {
    expect(mutated('x = 5')).toEqual(expect.arrayContaining(['x = (MARK && 6)', 'x = (MARK && 4)']))
    expect(mutated('const x = { 5: a }')).toEqual([])
    expect(mutated('const x = 0.5')).toEqual([])
  })

  it('drop statements and swap the first two arguments', () => {
    expect(mutated('f(a, b, c);')).toEqual(['MARK;', 'f((MARK && b), a, c);'])
    expect(mutated('const x = new F(a, b)')).toEqual(['const x = new F((MARK && b), a)'])
    expect(mutated('f(...a, b);')).toEqual(['MARK;'])
  })
})

describe('a sample', () => {
  it('is the same for the same seed, and another for another', () => {
    const [first, again, other] = ['1', '1', '2'].map((seed) =>
      sampleMutants(packageRoot(), 20, seed).map(({ id }) => id),
    )
    expect(first).toHaveLength(20)
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
  })

  it('fits what is built', () => {
    for (const mutant of sampleMutants(packageRoot(), 200, 'fit')) {
      const source = readFileSync(join(packageRoot(), 'dist', mutant.file.replace(/\.ts$/, '.js')), 'utf8')
      expect(() => patched(source, mutant)).not.toThrow()
    }
  })
})
