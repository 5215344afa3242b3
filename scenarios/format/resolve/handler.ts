import type { SinkCommit } from '../../../sim/application/applications.ts'
import type { CodeReference } from '../../../sim/host.ts'
import type { StoreSpec } from '../../../sim/spec.ts'
import type { LoadOptions } from '../options.ts'
import type { Place } from '../place.ts'

const HELP =
  'name a module that exports a factory: `handler: ./totals.mjs`, or one of its exports: `./totals.mjs#totals`'

/**
 * `handler:` of a consumer, processor or sink, the user's own code: a module by its path, which is relative to the
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

const BEFORE_THE_SINK = 'write a processor with a `handler`, and a sink that stores what it makes'

/** What the handler of a sink does not go together with: it decides on the rows of a database, or the calls to an endpoint. */
export function checkHandlerOfSink(place: Place, kind: StoreSpec['kind'], commit: SinkCommit): void {
  const at = place.get('handler')
  if (kind === 'files') at.notSimulated('a `handler` of a sink into files', BEFORE_THE_SINK)
  if (commit === 'two-phase') at.notSimulated('a `handler` of a sink that commits in two phases', BEFORE_THE_SINK)
  if (place.has('deduplicate') && place.get('deduplicate').text() !== 'none')
    at.notSimulated('a `handler` beside `deduplicate`', 'leave out in the handler what is not to be written again')
  if (place.has('connect') && place.get('connect').text() !== 'false')
    at.notSimulated('a `handler` of a sink of Kafka Connect', BEFORE_THE_SINK)
}

/** Of any system: where a file was found does not hang on where it is read. */
function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[a-z]:[\\/]/i.test(path)
}

function splitAtLast(text: string, mark: string): readonly [string, string] {
  const at = text.lastIndexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
