/** Every invariant with what it says; scenarios may void one by name and reason. */
export const INVARIANTS: readonly { readonly name: string; readonly about: string }[] = [
  { name: 'one-leader-per-epoch', about: 'no two brokers lead a partition in one leader epoch' },
  { name: 'leader-epoch-monotonic', about: 'leader epochs of a partition only grow' },
  { name: 'partition-epoch-monotonic', about: 'partition epochs only grow' },
  { name: 'isr-within-replicas', about: 'only replicas are in sync' },
  { name: 'leader-in-isr', about: 'an elected leader is a member of its in-sync set' },
  { name: 'log-matching', about: 'equal offset and leader epoch mean an equal batch and an equal entry before it' },
  { name: 'offsets-contiguous', about: 'a batch is appended where the log ends' },
  { name: 'no-append-while-down', about: 'a process that is down appends nothing' },
  { name: 'hw-within-log', about: 'a high watermark lies within its log' },
  { name: 'leader-hw-monotonic', about: 'within one leadership the high watermark only grows' },
  { name: 'hw-covered-by-isr', about: 'every member of the in-sync set has fetched what is below the high watermark' },
  { name: 'hw-not-below-min-isr', about: 'the high watermark does not move while the in-sync set is below min ISR' },
  { name: 'ack-after-hw', about: 'acks=all is answered when the high watermark covers the batch' },
  { name: 'ack-after-append', about: "acks=1 is answered when the leader's log holds the batch" },
  { name: 'shadow-audit', about: 'moments tell the logs as they really are' },
]
