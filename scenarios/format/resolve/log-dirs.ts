import { logDirNames } from '../../../sim/kafka/log/log-dir-names.ts'
import type { ResolvedConfig } from './config.ts'

const DIRS = 'log.dirs'
const METADATA = 'metadata.log.dir'

/** `log.dirs` and `metadata.log.dir` of one broker: names that differ, the one with the metadata log among them. */
export function checkLogDirs({ values, written }: ResolvedConfig): void {
  const dirs = written.get(DIRS)
  const names = logDirNames({ 'log.dirs': String(values[DIRS] ?? '') })
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (dirs !== undefined && twice !== undefined) {
    const message = `Kafka refuses this broker: \`${DIRS}\` names \`${twice}\` twice, and a directory is locked by whoever uses it`
    dirs.error('TWICESHY_CONFIG_REFUSED', message, 'name each directory once')
  }
  const metadata = written.get(METADATA)
  if (metadata === undefined || names.includes(String(values[METADATA]))) return
  metadata.notSimulated(`a \`${METADATA}\` that is none of \`${DIRS}\``, `name one of ${names.join(', ')}`)
}
