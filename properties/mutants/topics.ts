import type { Mutant } from './mutant.ts'

/** Topics that operators change while the run goes on. */
export const TOPICS_MUTANTS: readonly Mutant[] = [
  {
    id: 'altered-min-isr-keeps-who-was-eligible',
    rule: 'another min ISR takes away the eligible leader replicas and the last known leader (KIP-966, `ClearElrRecord`)',
    file: 'sim/kafka/controller/configuration-control.ts',
    anchor: 'minInsyncReplicas !== known.minInsyncReplicas;',
    replacement: 'minInsyncReplicas !== known.minInsyncReplicas && !MARK;',
    caughtBy: { scenario: 'library/min-isr-is-lowered-in-an-incident', variant: 'nothing-was-written-since', runs: 5 },
  },
  {
    id: 'altered-min-isr-not-applied',
    rule: 'a leader goes by an altered min ISR as soon as it has heard of it (`Partition.effectiveMinIsr`)',
    file: 'sim/kafka/broker/replica-manager.ts',
    anchor: "partition.minInsyncReplicas = config['min.insync.replicas'];",
    replacement: "partition.minInsyncReplicas = MARK ? partition.minInsyncReplicas : config['min.insync.replicas'];",
    caughtBy: { scenario: 'library/min-isr-is-lowered-in-an-incident', variant: 'raised-before', runs: 5 },
  },
  {
    id: 'altered-retention-not-applied',
    rule: 'logs that are there go by altered settings (`TopicConfigHandler.updateLogConfig`)',
    file: 'sim/kafka/broker/replica-manager.ts',
    anchor: 'this.logs.configure(tp, config);',
    replacement: 'if (!MARK) this.logs.configure(tp, config);',
    caughtBy: { scenario: 'library/retention-is-shortened', variant: null, runs: 5 },
  },
  {
    id: 'deleted-replicas-stay',
    rule: 'a broker that hears that a topic was deleted lets go of its replicas (`TopicsDelta.deletedTopicIds`)',
    file: 'sim/kafka/broker/metadata-cache.ts',
    anchor: 'this.freshlyDeleted.push(tp);',
    replacement: 'if (MARK) continue; this.freshlyDeleted.push(tp);',
    caughtBy: { scenario: 'library/topic-is-deleted', variant: null, runs: 5 },
  },
  {
    id: 'markers-wait-for-deleted-partitions',
    rule: 'of a partition that the metadata does not have no marker is owed (`addTxnMarkersToBrokerQueue`)',
    file: 'sim/kafka/transaction/marker-channel.ts',
    anchor: 'gone.push(tp);',
    replacement: '(MARK ? [] : gone).push(tp);',
    caughtBy: { scenario: 'library/topic-is-deleted', variant: 'in-transactions', runs: 20 },
  },
  {
    id: 'topic-made-again-is-the-old-one',
    rule: 'another topic id under a known name begins its leader epochs anew (`Metadata.updateLatestMetadata`, KAFKA-13488)',
    file: 'sim/kafka/client/metadata.ts',
    anchor: 'const isAnother = ',
    replacement: 'const isAnother = !MARK && ',
    caughtBy: { scenario: 'museum/R22-topic-made-again', variant: 'after', runs: 1 },
  },
  {
    id: 'leader-assigns-known-topics-only',
    rule: 'the leader of a group assigns when it has heard of every topic, be it that there is none of that name (`ensureFreshMetadata`)',
    file: 'sim/kafka/client/consumer/join-group.ts',
    anchor: 'if (!topic.isTold)',
    replacement: 'if (MARK ? !topic.known : !topic.isTold)',
    caughtBy: { scenario: 'library/topic-is-deleted', variant: null, runs: 20 },
  },
]
