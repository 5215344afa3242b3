/** The catalogue of keys, as the page that describes the format has it: typical values, not one runnable scenario. */
export const CATALOGUE = `scenario: title                 # required
about: why it exists
seed: 1
profile: kafka-4.1              # or { base: kafka-4.1, log.truncation: high-watermark, transaction.version: 1 }
tags: [acks]

cluster:                        # or: cluster: perfect   (one broker that never fails, no latency; broker faults are errors)
  brokers: 3
  controllers: 1                # several are the voters of a metadata quorum
  config: {}
  each: { broker-3: { rack: b, config: {} } }
network:
  latency: { uniform: [200us, 2ms] }
  links: [ { between: [broker-1, broker-2], latency: 20ms } ]
topics:
  orders: { partitions: 1, replication.factor: 3, min.insync.replicas: 2 }   # plus any topic property

producers:
  checkout:
    to: orders                  # or a list
    instances: 1
    start: 0s                   # optional; also stop:
    send: { records: 2000, every: 20ms, keys: 16, size: 100 }
    transactions: { every: 10, abort: 0.2 }   # records per transaction; share the application aborts
    on-unknown: give-up         # give-up | resend
    profile: kafka-4.1          # clients may be older than the cluster
    config: { acks: all, enable.idempotence: true }
  scripted:
    steps:                      # instead of send/transactions: exact steps
      - begin
      - send: { id: a, to: orders, partition: 0, key: k1, value: null, timestamp: +1d }
      - wait: 70s               # or { moment: txn.completed }
      - commit                  # commit | abort | flush | restart | close; { commit: { on-unknown: retry } }
consumers:                      # processing a record is the effect
  billing:
    from: orders
    instances: 1
    process: 1ms
    commit: auto                # auto | before-processing | after-processing   (default: auto when enable.auto.commit)
    commit-every: poll          # poll | record | n
    commit-call: sync           # sync | async
    handling: in-order          # or { hand-off: 4 } workers
    assign: [orders-0]          # instead of group subscription; steps: [ { poll: 5 }, { seek: { orders-0: 0 } }, commit ]
    config: { group.id: billing, auto.offset.reset: earliest }
processors:                     # consume, transform, produce
  payments-service:
    from: orders
    to: payments
    instances: 2
    process: 1ms
    transform: copy             # copy | { fan-out: 3 } | { count-by-key: {} } (stateful, with a changelog)
    commit: in-transaction      # auto | before-output | after-output | in-transaction
    group-metadata: true        # false: offsets sent with the group id only
    rewind-on-abort: true
    abort: 0                    # share of transactions the application aborts
    handler: ./handler.mjs      # instead of transform: the user's own code (modules only)
    streams: false              # true: Kafka Streams rules, config takes Streams properties
    config: { group.id: payments-service, transactional.id: "payments-\${instance}", isolation.level: read_committed, auto.offset.reset: earliest }
stores:
  ledger: { kind: database, latency: 1ms, rows: 0 }    # database | files (write, then rename) | endpoint (an external call); rows: what a source finds there; timeouts of a store are of unknown outcome
sinks:
  writer:
    from: payments
    into: ledger
    instances: 2
    process: 1ms
    write: insert               # insert | upsert | increment (database) | file (files) | call (endpoint; { call: { idempotency-key: record } })
    commit: with-output         # auto | before-output | after-output | with-output | two-phase
    fence: none                 # none | generation | offset
    deduplicate: none           # none | { window: 10m, separately: false }
    connect: false              # true: Kafka Connect's sink task rules
    config: { group.id: writer, enable.auto.commit: false, auto.offset.reset: earliest }
sources:
  import: { from: ledger, to: orders, config: { exactly.once.source.support: enabled } }

faults:                         # each: one trigger, one action, optional \`for:\` (without it: until healing)
  - at: 12s
    crash: leader(orders-0)
    for: 5s
  - every: { exponential: 4s }
    crash: { any: [brokers, payments-service] }
    for: { uniform: [50ms, 3s] }
    times: 5
  - between: [2s, 6s]
    partition: [ [writer#1], [rest] ]
    for: 10s
  - when: { moment: produce.acked, topic: orders, nth: 5 }   # any field of the moment; nth counts matches, default 1; \`every-match: true\` with \`times\`
    after: 3ms
    crash: leader(orders-0)
  - fail: { target: writer#0, step: before-commit, nth: 3 }  # its own trigger: dies before-output | after-output | before-commit | after-commit
    for: 2s
chaos: { budget: within-promise, kinds: [crash, pause, partition], faults: [0, 6] }   # the fuzzer's generator, usable in run; within-promise | beyond | hostile

run: { for: 60s, then-heal: 5m, runs: 200, max-events: 5000000 }
cover: [leader.elected, batch.deduplicated]       # moments that must occur in some run
expect:
  exactly-once: holds                             # [subject:][stage/]guarantee
  publish/at-least-once: { violated: lost-record }
  billing:at-least-once: violated
void: { some-invariant: reason }
variants:                                         # the same scenario with a patch (deep merge; lists replace; null removes), judged by its own name
  without-idempotence:
    producers: { checkout: { config: { enable.idempotence: false } } }
    expect: { exactly-once: { violated: duplicate-record } }
replay: { version: 0.1.0, run-seed: "1/731", digest: "…", signature: "…", bases: {}, overrides: [] }   # written into saved counterexamples; run 0 of such a file uses run-seed
`
