import { sha256 } from '../../cli/host/sha256.ts'
import { Kernel } from '../../sim/kernel/kernel.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'

/** Kernels without nodes: set-up and digest. */
export function run(count: number): Sample {
  let check = ''
  const runs = (times: number): void => {
    for (let i = 0; i < times; i++) {
      const kernel = new Kernel({ seed: '1', hasher: sha256() })
      kernel.run(10)
      check = kernel.digest()
    }
  }
  runs(Math.floor(count / 10))
  const ns = timed(() => {
    runs(count)
  })
  return { count, ns, check }
}
