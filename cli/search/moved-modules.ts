import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import type { RawProcessor, RawScenario } from '../../scenarios/format/raw.ts'

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
  if (raw.processors == null) return raw
  const processors = Object.entries(raw.processors).map(([name, processor]): [string, RawProcessor | null] => {
    if (typeof processor?.handler !== 'string') return [name, processor]
    const at = processor.handler.lastIndexOf('#')
    const [path, entry] =
      at < 0 ? [processor.handler, ''] : [processor.handler.slice(0, at), processor.handler.slice(at)]
    return [name, { ...processor, handler: `${change(path)}${entry}` }]
  })
  return { ...raw, processors: Object.fromEntries(processors) }
}
