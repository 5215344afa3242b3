import { expect, test } from 'vitest'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import { modulesFrom, withModulesFrom } from './moved-modules.ts'

const RAW = {
  scenario: 'own',
  consumers: { mailer: { from: 'orders', handler: './mails.mjs#send' }, plain: null },
  processors: { service: { from: 'orders', handler: '../own.mjs' }, copies: { from: 'orders', transform: 'copy' } },
} as RawScenario

test('handlers of consumers and processors are named by absolute paths, and by their way from where they are saved', () => {
  const moved = withModulesFrom(RAW, '/home/ada/files/a.yaml')
  expect(moved.consumers?.['mailer']).toEqual({ from: 'orders', handler: '/home/ada/files/mails.mjs#send' })
  expect(moved.consumers?.['plain']).toBeNull()
  expect(moved.processors?.['service']).toEqual({ from: 'orders', handler: '/home/ada/own.mjs' })
  expect(moved.processors?.['copies']).toEqual({ from: 'orders', transform: 'copy' })
  const text = 'handler: /home/ada/files/mails.mjs#send\nhandler: /home/ada/own.mjs\n'
  expect(modulesFrom(moved, '/home/ada/corpus', text)).toBe('handler: ../files/mails.mjs#send\nhandler: ../own.mjs\n')
})

test('a scenario without either stays as it is', () => {
  expect(withModulesFrom({ scenario: 'bare' }, '/a.yaml')).toEqual({ scenario: 'bare' })
})
