import { expect, test } from 'vitest'
import { cloneGraph } from '../../kernel/clone.ts'
import { TestHasher } from '../../kernel/world.test.support.ts'
import { TransactionCluster } from './transaction-cluster.test.support.ts'

/** Ends what is open, and goes on. */
function goOn(cluster: TransactionCluster): readonly unknown[] {
  cluster.runFor(20)
  return [cluster.written(), cluster.story.lines, cluster.script.seen.length, cluster.kernel.digest()]
}

test.each(Array.from({ length: 12 }, (_, index) => index * 7))(
  'a cluster %i events into the end of a transaction is plain data: its copy goes on as it does',
  (events) => {
    const cluster = new TransactionCluster({ hasher: new TestHasher() })
    const who = cluster.init()
    cluster.add(who, [0, 1, 2])
    cluster.script.errors.push(6)
    cluster.ending(who, true)
    for (let at = 0; at < events; at++) cluster.kernel.step()
    if (events % 2 === 1) cluster.crash(cluster.coordinator)
    const copy = cloneGraph(cluster)
    expect(goOn(copy)).toEqual(goOn(cluster))
    expect(cluster.written().at(-1)).toBe('CompleteCommit 1')
  },
)
