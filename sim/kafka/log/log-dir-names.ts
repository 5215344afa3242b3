import type { BrokerConfig } from '../protocol/config/broker.ts'

/** Name of the only directory where `log.dirs` is not set. */
const ONLY = 'log.dir'

/** The broker's log directories (`log.dirs`, comma separated), in their order; one when nothing is said. */
export function logDirNames(config: Pick<BrokerConfig, 'log.dirs'>): readonly string[] {
  const names = (config['log.dirs'] ?? '').split(',').map((name) => name.trim())
  const given = names.filter((name) => name !== '')
  return given.length === 0 ? [ONLY] : given
}

/** Place of the directory that also holds the metadata log (`metadata.log.dir`): the first of `log.dirs` unless it is set. */
export function metadataDirIndex(config: BrokerConfig): number {
  const name = config['metadata.log.dir']
  return name === undefined ? 0 : Math.max(0, logDirNames(config).indexOf(name.trim()))
}
