import { expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { History } from '../testing/history.test.helper.ts'

const history = (): History => new History().formed().published(0)

test.each([
  ['resumed', M.sourceResumed],
  ['flushed', M.sourceFlushed],
])('a row that its source has passed and never published is lost: %s', (_, moment) => {
  const h = history()
  const passed = h.emit(moment, h.checkout, 2).ended().of('at-least-once')
  expect(passed.violations.map(({ kind, records, message }) => [kind, ...records, message])).toEqual([
    ['lost-record', 'checkout#0/1', expect.stringContaining('was passed by its source')],
  ])
})

test('a row behind what a source has passed is not judged yet', () => {
  const h = history()
  expect(h.emit(M.sourceResumed, h.checkout, 1).ended().of('at-least-once').violations).toEqual([])
})
