import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CLIENT_SWITCHES } from '../sim/kafka/protocol/client-switches.ts'
import { CLUSTER_SWITCHES } from '../sim/kafka/protocol/cluster-switches.ts'
import { CLIENT_PROFILES, CLUSTER_PROFILES } from '../sim/kafka/protocol/profile.ts'

const PAGE = readFileSync(new URL('../docs/profiles.md', import.meta.url), 'utf8')

test.each([...CLUSTER_SWITCHES, ...CLIENT_SWITCHES])('docs/profiles.md tells of $name and its values', (definition) => {
  const row = PAGE.split('\n').find((line) => line.startsWith(`| \`${definition.name}\` |`)) ?? ''
  for (const value of definition.values) expect(row).toContain(`\`${value}\``)
  expect(row).toContain(definition.about)
})

test('docs/profiles.md names every profile', () => {
  for (const name of Object.keys({ ...CLUSTER_PROFILES, ...CLIENT_PROFILES })) expect(PAGE).toContain(`| \`${name}\` |`)
})
