import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import type { RawScenario } from '../../scenarios/format/raw.ts'

/** A scenario whose handlers are named by absolute paths: it may be judged, and saved, wherever it is then. */
export function withModulesFrom(raw: RawScenario, file: string): RawScenario {
  return withModules(raw, (path) => resolve(dirname(file), path))
}

/** The text of a file in which modules were named by absolute paths: now by their way from the folder it is saved in. */
export function modulesFrom(raw: RawScenario, folder: string, text: string): string {
  let moved = text
  withModules(raw, (path) => {
    if (isAbsolute(path)) moved = moved.replaceAll(path, from(folder, path))
    return path
  })
  return moved
}

function from(folder: string, path: string): string {
  const way = relative(folder, path).split(sep).join('/')
  return way.startsWith('.') ? way : `./${way}`
}

function withModules(raw: RawScenario, change: (path: string) => string): RawScenario {
  const { consumers, processors, sinks } = raw
  return {
    ...raw,
    ...(consumers == null ? {} : { consumers: withHandlers(consumers, change) }),
    ...(processors == null ? {} : { processors: withHandlers(processors, change) }),
    ...(sinks == null ? {} : { sinks: withHandlers(sinks, change) }),
  }
}

type Handling = { readonly handler?: unknown } | null

function withHandlers<T extends Handling>(
  applications: Readonly<Record<string, T>>,
  change: (path: string) => string,
): Record<string, T> {
  const moved = Object.entries(applications).map(([name, application]): [string, T] => {
    const handler = application?.handler
    if (typeof handler !== 'string') return [name, application]
    const at = handler.lastIndexOf('#')
    const [path, entry] = at < 0 ? [handler, ''] : [handler.slice(0, at), handler.slice(at)]
    return [name, { ...application, handler: `${change(path)}${entry}` }]
  })
  return Object.fromEntries(moved)
}
