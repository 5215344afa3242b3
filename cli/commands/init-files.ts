/** What `init` writes. */

export function firstScenario(): string {
  return `# yaml-language-server: $schema=./twiceshy.schema.json
scenario: acknowledged orders survive broker crashes
about: >-
  One producer writes to a topic with three replicas while brokers crash. With acks=all nothing that was acknowledged
  may be lost or doubled; the variant shows what acks=1 costs.
seed: 1

cluster: { brokers: 3 }
network: { latency: { uniform: [1ms, 10ms] } }
topics:
  orders: { partitions: 1, replication.factor: 3, min.insync.replicas: 2 }

producers:
  checkout:
    to: orders
    send: { records: 500, every: 2ms, keys: 16 }
    config: { acks: all, enable.idempotence: true }

faults:
  - between: [100ms, 900ms]             # drawn anew in every run, while orders are being sent
    crash: leader(orders-0)
    for: { uniform: [5s, 30s] }         # another broker takes over after about ten seconds

run: { runs: 100 }
expect:
  durability: holds
  publish/exactly-once: holds

variants:
  acks-1:
    producers: { checkout: { config: { acks: 1, enable.idempotence: false } } }
    expect:
      durability: { violated: lost-acked-write }
      publish/exactly-once: violated
`
}

export function workflow(version: string): string {
  return `name: twiceshy
on: [push, pull_request]
jobs:
  scenarios:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22 }
      - run: npx --yes twiceshy@${version} run scenarios
`
}
