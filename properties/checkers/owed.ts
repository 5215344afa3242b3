import type { Consumption } from '../shadow/consumption.ts'

/** Whether a sink owes a record to its store: not one that its handler, when it was done with it last, wanted nothing written of. */
export function owes({ applications, lineage }: Consumption, reader: number, record: number): boolean {
  return !applications.reader(reader).asksItsHandler || lineage.toldOutputs(lineage.itemOf(record), reader) !== 0
}
