import { describe, expect, test } from 'vitest'
import { ClusterControlManager } from './cluster-control.ts'
import { LeaderAcceptor } from './leader-acceptor.ts'
import { type Election, PartitionChangeBuilder, type PartitionChangeOptions } from './partition-change-builder.ts'
import { isUncleanElection, mergePartition, type PartitionRegistration } from './partition-registration.ts'

const PARTITION: PartitionRegistration = {
  tp: 65_536,
  topicId: 1,
  partitionId: 0,
  replicas: [1, 2, 3],
  addingReplicas: [],
  removingReplicas: [],
  isr: [1, 2, 3],
  elr: [],
  lastKnownElr: [],
  leader: 1,
  leaderRecoveryState: 0,
  leaderEpoch: 4,
  partitionEpoch: 9,
}

/** An acceptor with these brokers alive. */
function living(...brokers: readonly number[]): LeaderAcceptor {
  const cluster = new ClusterControlManager(9_000_000)
  for (const brokerId of [1, 2, 3]) {
    const fenced = !brokers.includes(brokerId)
    cluster.replayRegistration(
      {
        type: 'RegisterBrokerRecord',
        brokerId,
        incarnationId: 1,
        brokerEpoch: brokerId,
        fenced,
        inControlledShutdown: false,
      },
      brokerId,
    )
  }
  return new LeaderAcceptor(cluster)
}

function change(
  before: Partial<PartitionRegistration>,
  alive: readonly number[],
  wish: Partial<PartitionChangeOptions> = {},
): { readonly record: object | null; readonly after: PartitionRegistration; readonly unclean: boolean } {
  const partition = { ...PARTITION, ...before }
  const options = {
    minIsr: 2,
    elrEnabled: true,
    election: 'online' as Election,
    completion: 'all-in-sync' as const,
    ...wish,
  }
  const record = new PartitionChangeBuilder(partition, living(...alive), options).build()
  if (record === null) return { record, after: partition, unclean: false }
  return { record, after: mergePartition(partition, record), unclean: isUncleanElection(partition, record) }
}

describe('elections', () => {
  const rows: readonly [
    what: string,
    before: Partial<PartitionRegistration>,
    alive: readonly number[],
    wish: Partial<PartitionChangeOptions>,
    leader: number,
    isr: readonly number[],
    unclean: boolean,
  ][] = [
    ['a valid leader stays', {}, [1, 2, 3], {}, 1, [1, 2, 3], false],
    [
      'the first live member of the ISR in assignment order',
      { leader: 2, isr: [2, 3, 1] },
      [1, 3],
      { targetIsr: [3, 1] },
      1,
      [3, 1],
      false,
    ],
    ['a live replica outside the ISR is no candidate', { isr: [1, 3] }, [2, 3], { targetIsr: [3] }, 3, [3], false],
    [
      'without ELR the last member stays in the ISR',
      { isr: [1] },
      [2, 3],
      { targetIsr: [], elrEnabled: false },
      -1,
      [1],
      false,
    ],
    ['with ELR the ISR may become empty', { isr: [1] }, [3], { targetIsr: [], minIsr: 1 }, -1, [], false],
    ['an eligible replica when the ISR is empty', { isr: [1], elr: [3] }, [3], { targetIsr: [] }, 3, [3], false],
    ['not an eligible replica while the ISR has a member', { leader: -1, isr: [1], elr: [2] }, [2], {}, -1, [1], false],
    [
      'unclean: the first live replica of the assignment',
      { isr: [1], leader: 1 },
      [2, 3],
      { targetIsr: [], elrEnabled: false, election: 'unclean' },
      2,
      [2],
      true,
    ],
    [
      'unclean is not needed when an eligible one lives',
      { isr: [1], elr: [3] },
      [2, 3],
      { targetIsr: [], election: 'unclean' },
      3,
      [3],
      false,
    ],
    [
      'unclean with nobody alive',
      { isr: [1] },
      [],
      { targetIsr: [], elrEnabled: false, election: 'unclean' },
      -1,
      [1],
      false,
    ],
    ['the last known leader, without any flag', { leader: -1, isr: [], lastKnownElr: [3] }, [2, 3], {}, 3, [3], true],
    [
      'not the last known leader while it is dead',
      { leader: -1, isr: [], lastKnownElr: [3] },
      [1, 2],
      {},
      -1,
      [],
      false,
    ],
    [
      'not the last known leader while somebody is eligible',
      { leader: -1, isr: [], elr: [2], lastKnownElr: [3] },
      [3],
      {},
      -1,
      [],
      false,
    ],
    [
      'the last known leader comes before any other unclean one',
      { leader: -1, isr: [], lastKnownElr: [3] },
      [1, 3],
      { election: 'unclean' },
      3,
      [3],
      true,
    ],
    [
      'preferred: the first replica takes over',
      { leader: 2 },
      [1, 2, 3],
      { election: 'preferred' },
      1,
      [1, 2, 3],
      false,
    ],
    [
      'preferred: the leader stays when the first replica is not in sync',
      { leader: 2, isr: [2, 3] },
      [1, 2, 3],
      { election: 'preferred' },
      2,
      [2, 3],
      false,
    ],
    [
      'preferred: another one when neither is valid',
      { leader: 2, isr: [2, 3] },
      [1, 3],
      { election: 'preferred' },
      3,
      [2, 3],
      false,
    ],
  ]

  test.each(rows)('%s', (_what, before, alive, wish, leader, isr, unclean) => {
    const result = change(before, alive, wish)
    expect(result.after.leader).toBe(leader)
    expect(result.after.isr).toEqual(isr)
    expect(result.unclean).toBe(unclean)
    expect(result.after.leaderRecoveryState).toBe(unclean ? 1 : 0)
  })
})

describe('epochs', () => {
  test('a shrinking ISR raises the partition epoch only', () => {
    const { after } = change({}, [1, 2, 3], { targetIsr: [1, 2] })
    expect([after.leaderEpoch, after.partitionEpoch]).toEqual([4, 10])
  })

  test('a new leader raises both, and so does none', () => {
    expect(change({}, [2, 3], { targetIsr: [2, 3] }).after).toMatchObject({
      leader: 2,
      leaderEpoch: 5,
      partitionEpoch: 10,
    })
    expect(change({ isr: [1] }, [], { targetIsr: [] }).after).toMatchObject({
      leader: -1,
      leaderEpoch: 5,
      partitionEpoch: 10,
    })
  })

  test('a change to what is already so is no change', () => {
    expect(change({}, [1, 2, 3], { targetIsr: [1, 2, 3] }).record).toBeNull()
  })

  test('a leader that has recovered raises the partition epoch only', () => {
    const { after } = change({ isr: [1], leaderRecoveryState: 1 }, [1], {
      targetLeaderRecoveryState: 0,
      elrEnabled: false,
    })
    expect(after).toMatchObject({ leaderRecoveryState: 0, leaderEpoch: 4, partitionEpoch: 10 })
  })

  test('setting the same leader again raises the leader epoch', () => {
    const again = { type: 'PartitionChangeRecord', topicId: 1, partitionId: 0, leader: 1 } as const
    expect(mergePartition(PARTITION, again)).toMatchObject({ leader: 1, leaderEpoch: 5, partitionEpoch: 10 })
  })
})

describe('eligible leader replicas (KIP-966)', () => {
  test('who leaves above min ISR is not eligible, who leaves below it is', () => {
    const above = change({}, [1, 2], { targetIsr: [1, 2] }).after
    expect(above.elr).toEqual([])
    const below = change(above, [1], { targetIsr: [1] }).after
    expect([below.isr, below.elr]).toEqual([[1], [2]])
  })

  test('they are cleared once the ISR is back at min ISR', () => {
    const { after } = change({ isr: [1], elr: [2] }, [1, 2, 3], { targetIsr: [1, 3] })
    expect([after.isr, after.elr]).toEqual([[1, 3], []])
  })

  test('a member that rejoins the ISR below min ISR is eligible no more, the others stay so', () => {
    const { after } = change({ isr: [1], elr: [2, 3] }, [1, 2, 3], { targetIsr: [1, 2], minIsr: 3 })
    expect([after.isr, after.elr]).toEqual([[1, 2], [3]])
  })

  test('an unclean shutdown takes a replica out of both', () => {
    expect(change({ leader: -1, isr: [], elr: [1, 2] }, [], { uncleanShutdownReplicas: [2] }).after.elr).toEqual([1])
    const { after } = change({ isr: [1] }, [], { targetIsr: [], uncleanShutdownReplicas: [1] })
    expect([after.isr, after.elr, after.leader, after.lastKnownElr]).toEqual([[], [], -1, [1]])
  })

  test('the last known leader is remembered with the first leaderless change and kept by later ones', () => {
    const gone = change({ isr: [1], elr: [2] }, [], { targetIsr: [] }).after
    expect([gone.elr, gone.lastKnownElr]).toEqual([[1, 2], [1]])
    const later = change(gone, [], { uncleanShutdownReplicas: [1, 2] }).after
    expect([later.elr, later.lastKnownElr]).toEqual([[], [1]])
    const back = change(gone, [2]).after
    expect(back).toMatchObject({ leader: 2, isr: [2], elr: [1], lastKnownElr: [] })
  })

  test('an unclean election leaves nobody eligible', () => {
    const { after } = change({ leader: -1, isr: [1], elr: [3], lastKnownElr: [1] }, [2], { election: 'unclean' })
    expect(after).toMatchObject({ leader: 2, isr: [2], elr: [], lastKnownElr: [], leaderRecoveryState: 1 })
  })

  test('without the feature nothing of it is kept', () => {
    const { after } = change({}, [1], { targetIsr: [1], elrEnabled: false })
    expect([after.isr, after.elr]).toEqual([[1], []])
  })
})
