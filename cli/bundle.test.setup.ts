import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { loadConfig } from 'rolldown/config'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Packs once before all tests what `tsc -b` has changed since the last time, so that what tests start is what was built. */
export async function setup(): Promise<void> {
  if (isOfLastBuild()) return
  const config = await loadConfig(`${ROOT}rolldown.config.js`)
  if (typeof config !== 'object' || Array.isArray(config)) throw new Error('one bundle was expected')
  const { output, ...input } = config
  if (output === undefined || Array.isArray(output)) throw new Error('one output was expected')
  const bundle = await rolldown({ ...input, cwd: ROOT })
  await bundle.write(output)
  await bundle.close()
}

function isOfLastBuild(): boolean {
  const main = `${ROOT}dist/bundle/cli/main.js`
  if (!existsSync(main)) return false
  const packed = statSync(main).mtimeMs
  const builds = readdirSync(`${ROOT}dist/.build`).map((name) => `${ROOT}dist/.build/${name}`)
  return [...builds, `${ROOT}rolldown.config.js`].every((file) => statSync(file).mtimeMs < packed)
}
