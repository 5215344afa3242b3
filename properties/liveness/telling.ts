import type { Waiting } from '../../sim/waiting.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { seconds } from '../words.ts'
import type { GroupWait } from './group-waits.ts'
import type { PartitionWait } from './partition-waits.ts'
import type { SendWait } from './send-waits.ts'
import type { TransactionWait } from './transaction-waits.ts'
import type { Stuck, Wait } from './wait.ts'

/** Something that waits, and the sentence that accuses it; `when` tells the time of the accusation. */
export interface Told {
  readonly wait: Wait
  readonly accusation: (when: string) => string
}

export function tellPartition(shadow: Shadow, stuck: PartitionWait): Told {
  const { state, waitsFor, sinceUs, rule, excuse } = stuck
  const who = shadow.partitions.names[stuck.partition] as string
  return {
    wait: { kind: 'stuck-replication', who, waitsFor, sinceUs, rule, excuse, records: [] },
    accusation: (when) => `${when} ${who} ${state}; it has waited since ${seconds(sinceUs)}: ${rule}`,
  }
}

export function tellSend(shadow: Shadow, { record, rule, excuse }: SendWait): Told {
  const { records, names, partitions } = shadow
  const who = names.record(records.ids.at(record))
  const sinceUs = records.sentAt.at(record)
  const partition = partitions.names[records.partition.at(record)]
  const to = partition === undefined ? '' : ` to ${partition}`
  return {
    wait: { kind: 'stuck-send', who, waitsFor: 'its outcome', sinceUs, rule, excuse, records: [who] },
    accusation: (when) =>
      `${who} was sent${to} at ${seconds(sinceUs)}; ${when} its send() still had no outcome: ${rule}`,
  }
}

export function tellTransaction({ who, state, waitsFor, sinceUs, rule, excuse }: TransactionWait): Told {
  return {
    wait: { kind: 'stuck-transaction', who, waitsFor, sinceUs, rule, excuse, records: [] },
    accusation: (when) => `${when} ${state}; it has waited since ${seconds(sinceUs)}: ${rule}`,
  }
}

export function tellGroup(consumption: Consumption, stuck: GroupWait): Told {
  const { state, waitsFor, sinceUs, rule, excuse } = stuck
  const who = consumption.applications.reader(stuck.reader).group
  return {
    wait: { kind: 'stuck-group', who, waitsFor, sinceUs, rule, excuse, records: [] },
    accusation: (when) => `${when} ${state}; it has waited since ${seconds(sinceUs)}: ${rule}`,
  }
}

/** What only the world knows; it does not say since when. */
export function tellWorld(waiting: Waiting, excuse: string | null): Wait {
  const { who, waitsFor, because } = waiting
  return { kind: stuckOf(waiting), who, waitsFor, sinceUs: null, rule: because, excuse, records: [] }
}

function stuckOf({ kind }: Waiting): Stuck {
  switch (kind) {
    case 'send':
      return 'stuck-send'
    case 'group':
      return 'stuck-group'
    case 'transaction':
      return 'stuck-transaction'
    case 'replication':
    case 'process':
      return 'stuck-replication'
  }
}
