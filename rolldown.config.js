import { readFileSync } from 'node:fs'
import { defineConfig } from 'rolldown'

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

/** What is started or imported by its name: the command, its threads, the judge that they load, and what users import. */
const ENTRIES = [
  'cli/main',
  'cli/program',
  'cli/real-engine',
  'cli/package-root',
  'cli/pool/worker',
  'cli/pool/again-worker',
  'cli/code/room-worker',
  'properties/judge',
  'sim/index',
  'scenarios/index',
  'properties/index',
  'reports/index',
]

/**
 * Packs what `tsc -b` made into few files, because a start that loads hundreds of modules takes three times as long. All
 * entries share their parts, so that a user's module and the command never have two copies of one module. Entries stand as
 * they do in `dist`, and everything that they share in `cli`, so that `cli/places.ts` holds in both.
 */
export default defineConfig({
  input: Object.fromEntries(ENTRIES.map((name) => [name, `./dist/${name}.js`])),
  platform: 'node',
  external: new RegExp(`^(?:node:|(?:${Object.keys(dependencies).join('|')})(?:/|$))`),
  output: { dir: 'dist/bundle', cleanDir: true, chunkFileNames: 'cli/shared-[name].js' },
})
