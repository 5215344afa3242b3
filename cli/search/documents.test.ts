import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scenario } from '../../reports/sample.test.support.ts'
import { UsageError } from '../usage-error.ts'
import { Documents } from './documents.ts'

test('what is saved has the settings of .properties files, because it stands somewhere else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twiceshy-'))
  writeFileSync(join(folder, 'p.properties'), 'acks=1\nclient.id=me\n')
  writeFileSync(
    join(folder, 'a.yaml'),
    `scenario: a
topics: { orders: }
producers: { p: { to: orders, config: ./p.properties } }
expect: { durability: holds }
variants: { v: { producers: { p: { config: { retries: 3 } } } } }
`,
  )
  const documents = new Documents(folder, { set: ['producers.p.config.linger.ms=9'], profile: null })
  const base = await documents.of(scenario({ file: 'a.yaml' }))
  expect(base.producers?.['p']?.config).toEqual({ acks: '1', 'linger.ms': 9 })
  const variant = await documents.of(scenario({ file: 'a.yaml', variant: 'v' }))
  expect(variant.producers?.['p']?.config).toEqual({ acks: '1', 'linger.ms': 9, retries: 3 })
})

test('a file that changes while it is searched is somebody’s edit, not a defect', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twiceshy-'))
  writeFileSync(join(folder, 'a.yaml'), 'scenario: a\ntopics: { orders: }\n')
  const gone = new Documents(folder, { set: [], profile: null }).of(scenario({ file: 'a.yaml', variant: 'v' }))
  await expect(gone).rejects.toThrow(UsageError)
})
