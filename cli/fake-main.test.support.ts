import { processConsole } from './console.ts'
import { fakeEngine } from './fake-context.test.support.ts'
import { main } from './program.ts'

/** The command line as a process of its own, with the made-up loader and judge: for signals and pipes. */
process.exitCode = await main(process.argv.slice(2), {
  console: processConsole(),
  engine: async () => fakeEngine,
  judgeModule: new URL('./fake-judge.test.support.js', import.meta.url).href,
  version: '0.0.0',
  root: process.cwd(),
})
