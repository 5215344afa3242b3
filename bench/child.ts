import type { Workload } from './sample.ts'

/** One measurement in a process of its own: `child.js WORKLOAD COUNT OPTION...` prints a sample as JSON. */
const [name = '', count = '1', ...options] = process.argv.slice(2)
const workload = (await import(`./workloads/${name}.js`)) as Workload
process.stdout.write(JSON.stringify(await workload.run(Number(count), options)))
