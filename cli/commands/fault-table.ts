import type { Action } from '../../sim/faults/plan.ts'

/** The actions of `faults:` that are simulated, and `fail`; the type makes a forgotten one a compile error. */
export const FAULTS: Readonly<Record<Action['kind'] | 'fail', { readonly value: string; readonly about: string }>> = {
  crash: { value: 'target', about: 'the process dies; what reached the operating system survives; peers get resets' },
  'power-loss': { value: 'target', about: 'unflushed data is lost too; peers get silence' },
  'wipe-disk': { value: 'target', about: 'dies and comes back empty' },
  stop: { value: 'target', about: 'clean shutdown' },
  pause: { value: 'target', about: 'stops executing, then goes on unaware' },
  partition: { value: 'list of groups', about: 'the groups cannot reach each other' },
  isolate: { value: '{ target, direction, from }', about: 'cut off, also one way' },
  delay: {
    value: '{ from, to, api, by, reply, nth, count, connection }',
    about: 'holds the stream from the matching message on',
  },
  drop: { value: '{ from, to, api, reply, nth, count }', about: 'the message is lost and its connection ends' },
  disconnect: { value: '{ between: [a, b] }', about: 'resets the connections' },
  'add-partitions': {
    value: 'map of topics, below admin',
    about: 'an operator gives topics more partitions: admin: { add-partitions: { orders: 6 } }',
  },
  'elect-leader': {
    value: 'partition, or map of partitions, below admin',
    about: 'an operator has preferred leaders elected, or any: admin: { elect-leader: { orders-0: unclean } }',
  },
  'move-leader': {
    value: 'map of partitions, below admin',
    about: 'an operator has another replica lead: admin: { move-leader: { orders-0: broker-2 } }',
  },
  'alter-config': {
    value: 'map of topics to their settings, below admin',
    about: 'an operator gives topics other settings: admin: { alter-config: { orders: { min.insync.replicas: 1 } } }',
  },
  'create-topic': {
    value: 'topic, or list of topics, below admin',
    about: 'an operator makes topics, which are declared and not there before: admin: { create-topic: orders }',
  },
  reassign: {
    value: 'map of partitions, below admin',
    about:
      'an operator has a partition moved to other brokers: admin: { reassign: { orders-0: [broker-4, broker-2] } }, or that cancelled: { orders-0: cancel }',
  },
  'delete-topic': {
    value: 'topic, or list of topics, below admin',
    about: 'an operator deletes topics, with all that is in them: admin: { delete-topic: orders }',
  },
  fail: {
    value: '{ target, step, nth }',
    about: 'trigger and crash in one: an application dies before-output or after-output, at its nth such step',
  },
  'slow-disk': { value: '{ target, by }', about: 'every disk operation takes longer' },
  corrupt: {
    value: '{ target, partition, batch }',
    about: "bytes of a batch change on a broker's disk, and its checksum does not fit any more",
  },
  'disk-error': {
    value: 'target, or { target, of, directory }',
    about:
      'operations on the disk fail (of: reads, writes or flushes): its log directory is offline, or the process halts',
  },
  'disk-full': { value: 'target, or { target, directory }', about: 'nothing can be written to the disk' },
  'clock-jump': { value: '{ target, by }', about: 'the wall clock of a host is set forward by so much, or back: -1h' },
  'clock-skew': {
    value: '{ target, by }',
    about: 'the wall clock of a host gains so much in every second, or loses it',
  },
}
