import type { ClusterSpec, ReaderSpec } from './spec.ts'

/** Whether a reader's partitions come from a group of the consumer protocol (KIP-848). */
export function speaksConsumerProtocol({ config, assign }: ReaderSpec): boolean {
  return assign === null && config['group.protocol'] === 'consumer'
}

/**
 * How long a member may be silent before its group removes it, in milliseconds: by its own setting, or with the consumer protocol
 * by the brokers'.
 */
export function sessionTimeoutMs(reader: ReaderSpec, { brokers }: ClusterSpec): number {
  return speaksConsumerProtocol(reader)
    ? Math.max(...brokers.map((config) => config['group.consumer.session.timeout.ms']))
    : reader.config['session.timeout.ms']
}
