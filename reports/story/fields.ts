import type { DecodedMoment } from '../../sim/history/decode.ts'

/** Fields of decoded moments by type; what a moment does not have is 0, false or empty. */

export function int(moment: DecodedMoment, field: string): number {
  const value = moment.fields[field]
  return typeof value === 'number' ? value : 0
}

export function bool(moment: DecodedMoment, field: string): boolean {
  return moment.fields[field] === true
}

export function text(moment: DecodedMoment, field: string): string {
  const value = moment.fields[field]
  return typeof value === 'string' ? value : ''
}

export function nodes(moment: DecodedMoment, field: string): readonly number[] {
  const value = moment.fields[field]
  return typeof value === 'object' ? value : []
}
