import type { Sample } from './sample.ts'

/** One measurement in a process of its own: `child.js WORKLOAD SCALE OPTION...` prints a {@link Sample} as JSON. */
const [workload = '', scale = '1', ...options] = process.argv.slice(2)
const module = (await import(`./workloads/${workload}.js`)) as {
  readonly run: (scale: number, options: readonly string[]) => Sample | Promise<Sample>
}
process.stdout.write(JSON.stringify(await module.run(Number(scale), options)))
