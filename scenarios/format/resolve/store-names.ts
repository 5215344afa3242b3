import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'
import type { Context } from './context.ts'

/** Who names a store, for messages. */
export interface StoreUser {
  /** Where it stands, and where a store that is missing is asked for. */
  readonly place: Place
  /** Such as `sink \`writer\``. */
  readonly who: string
  /** What it does with it: `writes into`. */
  readonly does: string
  /** How the store is declared. */
  readonly example: string
}

/** The name of the store at a key; '' when there is none. */
export function storeAt(key: string, user: StoreUser, context: Context): string {
  const at = user.place.get(key)
  const name = at.text()
  if (name === null) {
    if (at.broken) return ''
    if (at.written) at.wrongType(`\`${key}\` must be the name of a store`)
    else {
      const message = `${user.who} does not say which store it ${user.does}`
      user.place.keyErrorOrValue(
        'TWICESHY_MISSING',
        message,
        `add \`${key}: <store>\`, and the store under \`stores:\``,
      )
    }
    return ''
  }
  if (!context.stores.has(name)) {
    const help = context.topics.has(name)
      ? `\`${name}\` is a topic: what writes to topics stands under \`processors:\``
      : context.stores.size === 0
        ? `declare it: \`stores: { ${name}: ${user.example} }\``
        : didYouMean(name, context.stores.keys())
    at.error('TWICESHY_UNKNOWN_STORE', `the store ${at.describe()} is not declared`, at.report.full ? null : help)
  }
  return name
}

/** The same where only a database will do. */
export function databaseAt(key: string, user: StoreUser, context: Context): string {
  const name = storeAt(key, user, context)
  const declared = context.stores.get(name)?.place.get('kind')
  const kind = declared?.text()
  if (declared !== undefined && (kind === 'files' || kind === 'endpoint')) {
    const message = `${user.who} ${user.does} a database, and \`${name}\` is not one`
    user.place.get(key).error('TWICESHY_IMPOSSIBLE', message, 'name a store of `kind: database`', declared)
  }
  return name
}
