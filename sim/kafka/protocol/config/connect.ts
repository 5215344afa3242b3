import { type ConfigTable, INT_MAX } from './definition.ts'

/** `WorkerConfig.java`, 4.1: the settings of Connect's workers that are simulated. */
export const CONNECT_WORKER_CONFIG: ConfigTable = {
  'offset.flush.interval.ms': { type: 'ms', default: 60_000, min: 0, max: INT_MAX },
}
