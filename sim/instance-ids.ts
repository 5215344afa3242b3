import { Stream } from './kernel/stream.ts'

/** Fills `${instance}`, `${incarnation}` and `${random}` into an id of one process; `name` is its node's, such as `checkout#0`. */
export function instanceId(template: string, name: string, incarnation: number, seed: string): string {
  if (!template.includes('${')) return template
  return template
    .replaceAll('${instance}', name.slice(name.indexOf('#') + 1))
    .replaceAll('${incarnation}', String(incarnation))
    .replaceAll('${random}', () => new Stream(seed, 'id', name, String(incarnation)).below(0x4000_0000).toString(36))
}
