import type { CodeReference } from '../../../sim/host.ts'
import type { LoadOptions } from '../options.ts'
import type { Place } from '../place.ts'

const HELP =
  'name a module that exports a factory: `handler: ./totals.mjs`, or one of its exports: `./totals.mjs#totals`'

/**
 * `handler:` of a consumer or processor, the user's own code: a module by its path, which is relative to the
 * scenario, and behind a `#` one of its exports. Null where none stands.
 */
export function handlerAt(place: Place, options: LoadOptions): CodeReference | null {
  const at = place.get('handler')
  if (!at.written) return null
  const text = at.text()
  if (at.broken) return null
  if (text === null) {
    at.wrongType('`handler` must be the path of a module', HELP)
    return null
  }
  const [path, entry] = splitAtLast(text, '#')
  if (!/\.(?:mjs|js|ts|mts)$/i.test(path)) {
    at.error('TWICESHY_VALUE', `\`handler\` must be the path of a .mjs, .js or .ts module, not ${at.describe()}`, HELP)
    return null
  }
  const module = isAbsolute(path) ? path : options.findModule?.(path)
  if (module === undefined) {
    at.notSimulated('a `handler` of your own', 'a text that is no file has no modules beside it: save it as one')
    return null
  }
  if (typeof module === 'object') {
    at.error('TWICESHY_VALUE', module.error, HELP)
    return null
  }
  return { module, entry }
}

/** What the handler of a processor does not go together with. */
export function checkHandlerOfProcessor(place: Place): void {
  const at = place.get('handler')
  if (place.has('transform')) {
    const message = '`handler` stands in the place of `transform`, and both are written'
    at.error('TWICESHY_IMPOSSIBLE', message, 'keep one of the two', place.get('transform'))
  }
  if (place.get('streams').text() === 'true') at.notSimulated('a `handler` of your own in Kafka Streams')
}

/** What the handler of a consumer does not go together with. */
export function checkHandlerOfConsumer(place: Place): void {
  const at = place.get('handler')
  if (place.has('steps')) at.notSimulated('a `handler` beside `steps`', 'keep one of the two')
  if (place.get('share').text() === 'true') at.notSimulated('a `handler` of your own in a share group')
}

/** The effect of a sink is what its store does: no code of the user's decides on it. */
export function refuseHandlerOfSink(place: Place): void {
  const help = 'write a processor with a `handler`, and a sink that stores what it makes'
  if (place.has('handler')) place.get('handler').notSimulated('a `handler` of a sink', help)
}

/** Of any system: where a file was found does not hang on where it is read. */
function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[a-z]:[\\/]/i.test(path)
}

function splitAtLast(text: string, mark: string): readonly [string, string] {
  const at = text.lastIndexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
