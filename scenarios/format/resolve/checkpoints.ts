import { clientBase, type ClientProfileName } from '../../../sim/kafka/protocol/profile.ts'
import type { ReaderSpec } from '../../../sim/spec.ts'
import type { ApplicationFacts, Context } from './context.ts'
import type { FileFacts } from './reader.ts'
import { storeAt } from './store-names.ts'

const EXAMPLE = 'commit: { two-phase: { checkpoints: ledger } }'

/** `commit: { two-phase: { checkpoints: ledger } }` of a processor: the store that keeps its checkpoints. */
export function checkpointsAt(
  { place, name, instances }: ApplicationFacts,
  spec: ReaderSpec,
  context: Context,
  file: FileFacts,
): string {
  const commit = place.get('commit')
  const settings = commit.get('two-phase')
  const who = `processor \`${name}\``
  const user = {
    place: settings.written ? settings : commit,
    who,
    does: 'keeps its checkpoints in',
    example: '{ kind: database }',
  }
  const store = storeAt('checkpoints', user, context)
  const kind = context.stores.get(store)?.place.get('kind')
  if (kind?.text() === 'files' || kind?.text() === 'endpoint') {
    const message = `checkpoints are kept in a database, and \`${store}\` is not one`
    settings.get('checkpoints').error('TWICESHY_IMPOSSIBLE', message, `write \`${EXAMPLE}\``, kind)
  }
  if (instances > 1) {
    const what = 'a checkpoint of several instances, which would have to agree on it,'
    place.get('instances').notSimulated(what, 'write one processor for each, with partitions of its own by `assign`')
  }
  if (file.profile['transaction.version'] < 2 || !BY_EPOCHS.includes(clientBase(spec.profile))) {
    const help = 'before, one needs an id for every transaction; leave the older profile out'
    commit.notSimulated('`commit: two-phase` before transaction version 2', help)
  }
  return store
}

/** Clients whose transactions have an epoch of their own, so that a checkpoint can name one (KIP-890). */
const BY_EPOCHS: readonly ClientProfileName[] = ['kafka-4.0', 'kafka-4.1']
