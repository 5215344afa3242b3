import { type ConfigTable, INT_MAX } from './definition.ts'

/** `WorkerConfig.java`, 4.1: the settings of Connect's workers that are simulated. */
export const CONNECT_WORKER_CONFIG: ConfigTable = {
  'offset.flush.interval.ms': { type: 'ms', default: 60_000, min: 0, max: INT_MAX },
}

/** The same of a source: what `DistributedConfig` and `SourceConnectorConfig` add. */
export const CONNECT_SOURCE_CONFIG: ConfigTable = {
  ...CONNECT_WORKER_CONFIG,
  'exactly.once.source.support': { type: 'enum', default: 'disabled', values: ['disabled', 'preparing', 'enabled'] },
  'transaction.boundary': { type: 'enum', default: 'poll', values: ['poll', 'interval', 'connector'] },
  /** 0 = as `offset.flush.interval.ms` has it. */
  'transaction.boundary.interval.ms': { type: 'ms', default: 0, min: 0, max: INT_MAX },
}
