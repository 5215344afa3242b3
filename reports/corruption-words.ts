import type { CorruptionMatch } from '../sim/faults/plan.ts'

/** `the last batch of orders-0` */
export function corruptionInWords({ log, batch }: CorruptionMatch): string {
  const which =
    typeof batch === 'number' ? `the batch at offset ${batch}` : batch === 'any' ? 'a batch' : `the ${batch} batch`
  return `${which}${corruptedLogInWords(log)}`
}

function corruptedLogInWords(log: CorruptionMatch['log']): string {
  switch (log.kind) {
    case 'any':
      return ''
    case 'partition':
      return ` of ${log.topic}-${log.partition}`
    case 'group':
      return ` of the offsets of ${log.group}`
    case 'transactions':
      return ` of the transactions of ${log.transactionalId}`
  }
}
