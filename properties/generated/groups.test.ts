import { alwaysFound, type Defect, readUp } from '../testing/group-defects.test.helper.ts'

/** Commits, owners and progress of groups. */
const DEFECTS: readonly Defect[] = [
  {
    name: 'a commit of a generation that is over',
    mode: 'after',
    violates: ['fencing: zombie-commit', 'offset-safety: offset-regressed'],
    spoil(group, key) {
      const tp = group.publish(key)
      const before = group.generation
      group.rebalance()
      const owner = group.ownerOf(tp)
      if (owner === undefined) throw new Error('nobody owns it')
      while ((owner.positions.get(tp) ?? 0) < group.log(tp).length) group.work(owner, tp, true)
      group.commit(owner, tp, group.log(tp).length)
      group.h.commits(group.reader, owner.node, group.log(tp).length - 1, before, tp, group.coordinator)
    },
  },
  {
    name: 'two owners in one generation',
    mode: 'after',
    violates: ['single-owner: double-ownership'],
    spoil(group, key) {
      const tp = group.tps[key % group.tps.length] as number
      const owner = group.ownerOf(tp)
      const other = group.members.find((member) => member !== owner)
      if (other !== undefined) group.h.assigned(group.reader, other.node, group.generation, tp)
    },
  },
  {
    name: 'a group that does not go on',
    mode: 'after',
    violates: ['progress: stuck-group'],
    spoil(group, key) {
      group.publish(key)
    },
    end: (group) => group.h.ended('heal-limit'),
  },
  {
    name: 'a commit that moves back',
    mode: 'after',
    violates: ['offset-safety: offset-regressed'],
    spoil(group, key) {
      const { owner, tp } = readUp(group, key)
      group.commit(owner, tp, group.log(tp).length)
      group.commit(owner, tp, group.log(tp).length - 1)
    },
  },
  {
    name: 'a commit beyond the end',
    mode: 'after',
    violates: [],
    breaks: ['commit-within-log'],
    spoil(group, key) {
      const { owner, tp } = readUp(group, key)
      group.commit(owner, tp, group.log(tp).length + 1)
    },
    end: (group) => group.h.ended('max-events'),
  },
  {
    name: 'a commit of a partition that the member never held',
    mode: 'after',
    violates: [],
    breaks: ['commit-of-owner'],
    spoil(group, key) {
      const { tp } = readUp(group, key)
      group.rebalance()
      const other = group.members.find((member) => member !== group.ownerOf(tp))
      if (other !== undefined) group.commit(other, tp, group.log(tp).length)
    },
    end: (group) => group.h.ended('max-events'),
  },
]

alwaysFound(DEFECTS)
