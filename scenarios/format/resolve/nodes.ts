import { didYouMean } from '../suggest.ts'
import { nodeNames } from './cluster.ts'
import type { Context } from './context.ts'

/** Splits `writer#1` into name and index; the index is null for a bare name. */
export function splitInstance(text: string): { readonly name: string; readonly index: number | null } | null {
  const match = /^([^#]+)(?:#(0|[1-9]\d{0,6}))?$/.exec(text)
  if (match === null) return null
  return { name: match[1] ?? '', index: match[2] === undefined ? null : Number(match[2]) }
}

/** Whether a node of this name exists: a broker, a controller, a store, or one instance of an application. */
export function nodeExists(text: string, context: Context): boolean {
  if (nodeNames(context.cluster.brokers, context.cluster.controllers).includes(text)) return true
  if (context.stores.has(text)) return true
  const instance = splitInstance(text)
  const application = instance === null ? undefined : context.applications.get(instance.name)
  return application !== undefined && instance?.index != null && instance.index < application.instances
}

/** What may have been meant by a name that is no node. */
export function nodeHelp(text: string, context: Context): string | null {
  const instance = splitInstance(text)
  const application = instance === null ? undefined : context.applications.get(instance.name)
  if (application !== undefined && instance?.index == null)
    return `write one instance, such as \`${application.name}#0\``
  if (application !== undefined) {
    const last = application.instances - 1
    return last === 0
      ? `\`${application.name}\` has one instance, \`${application.name}#0\``
      : `its instances are #0 to #${last}`
  }
  if (instance !== null && context.stores.has(instance.name)) return `a store is one node: \`${instance.name}\``
  const first = [...[...context.applications.keys()].map((name) => `${name}#0`), ...context.stores.keys()]
  return didYouMean(text, [...nodeNames(context.cluster.brokers, context.cluster.controllers), ...first])
}
