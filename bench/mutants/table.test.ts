import { describe, expect, it } from 'vitest'
import type { MutantOutcome } from '../../cli/mutants/outcome.ts'
import type { Mutant } from '../../properties/mutants/mutant.ts'
import { drawnPage, namedPage } from './document.ts'
import { genericSummary, namedRows, scenarioOf, textTable } from './table.ts'

const MUTANT: Mutant = {
  id: 'sample',
  rule: 'a rule (`Partition.rule`)',
  file: 'sim/a.ts',
  anchor: 'a',
  replacement: 'MARK',
  caughtBy: { scenario: 'library/perfect-broker', runs: 20 },
}
const CAUGHT: MutantOutcome = {
  mutant: 'sample',
  verdict: 'caught',
  executed: true,
  runs: 3,
  events: 100,
  elapsedMs: 5,
  outOfTime: false,
  caught: {
    kind: 'violation',
    what: 'durability: lost-acked-write',
    message: '',
    file: '/somewhere/scenarios/library/perfect-broker.yaml',
    scenario: 'perfect',
    variant: 'acks-0',
    run: 2,
    seed: '1/2',
  },
  crashes: 0,
  firstCrash: null,
}
const outcomes = (outcome: Partial<MutantOutcome>): ReadonlyMap<string, MutantOutcome> =>
  new Map([['sample', { ...CAUGHT, ...outcome }]])

describe('the table of mutants', () => {
  it('tells what caught a mutant, within how many runs', () => {
    const [row] = namedRows([MUTANT], outcomes({}))
    expect(row).toEqual({
      id: 'sample',
      verdict: 'caught',
      by: 'library/perfect-broker:acks-0',
      what: 'durability: lost-acked-write',
      runs: '3 of 20',
      isMissed: false,
    })
    expect(textTable([row as NonNullable<typeof row>])).toContain(
      'sample  caught   3 of 20  library/perfect-broker:acks-0',
    )
    expect(scenarioOf('scenarios/campaigns/safe.yaml', null)).toBe('campaigns/safe')
  })

  it.each(['survived', 'crashed', 'hung'] as const)('a mutant that %s is missed', (verdict) => {
    expect(namedRows([MUTANT], outcomes({ verdict, caught: null }))[0]).toMatchObject({ verdict, isMissed: true })
  })

  it('a mutant that was not reached, or not hunted, is missed', () => {
    expect(namedRows([MUTANT], outcomes({ executed: false }))[0]?.isMissed).toBe(true)
    expect(namedRows([MUTANT], new Map())[0]).toMatchObject({ verdict: 'not hunted', isMissed: true })
  })

  it('an equivalent mutant needs its argument', () => {
    const equivalent = { ...MUTANT, caughtBy: null }
    expect(namedRows([{ ...equivalent, equivalent: 'nobody asks' }], new Map())[0]).toMatchObject({ isMissed: false })
    expect(namedRows([equivalent], new Map())[0]?.isMissed).toBe(true)
  })

  it('becomes a page', () => {
    const page = namedPage([MUTANT], outcomes({}))
    expect(page).toContain('| `sample` | a rule (\\`Partition.rule\\`) | `library/perfect-broker:acks-0` |')
  })

  it('lists what survives of drawn ones, with the reason', () => {
    const drawn = { ...MUTANT, operator: 'drop', before: 'a()', after: ';' } as const
    const page = drawnPage([drawn], '1', outcomes({ verdict: 'survived', caught: null }))
    expect(page).toContain('`a()` becomes `;` | yes | not looked at yet |')
    expect(drawnPage([drawn], '1', outcomes({}))).not.toContain('becomes')
  })

  it('sums up drawn mutants', () => {
    const drawn = { ...MUTANT, operator: 'drop', before: 'a', after: ';' } as const
    expect(genericSummary([drawn], outcomes({ verdict: 'survived', executed: false }))).toBe(
      '1 drawn mutants: 0 caught, 0 crash the simulator, 0 hang, 1 survive, of which 1 are never reached',
    )
  })
})
