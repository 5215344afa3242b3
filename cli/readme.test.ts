import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { MAIN } from './built.test.support.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')

test('the scenario in the README is the file it names', () => {
  const yaml = /```yaml\n(scenario:[\s\S]*?)\n```/.exec(readme)?.[1]
  expect(yaml).toBe(readFileSync(`${root}scenarios/library/acks-1-leader-dies.yaml`, 'utf8').trimEnd())
})

const PATIENCE = 240_000

test.each([/^run /, /^matrix /])(
  'the output in the README is what the command prints: %s',
  (wanted) => {
    const shown = [...readme.matchAll(/```console\n\$ npx twiceshy (.*)\n([\s\S]*?)\n```/g)]
    const [, command = '', output] = shown.find(([, of = '']) => wanted.test(of)) ?? []
    const environment = {
      ...process.env,
      NO_COLOR: '1',
      COLUMNS: '100',
      FORCE_COLOR: undefined,
      GITHUB_ACTIONS: undefined,
    }
    const run = spawnSync(process.execPath, [MAIN, ...command.split(' ')], {
      cwd: root,
      env: environment,
      encoding: 'utf8',
    })
    expect(run.stdout.trimEnd()).toBe(output)
    expect(run.status).toBe(0)
  },
  PATIENCE,
)
