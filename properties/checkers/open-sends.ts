import type { Shadow } from '../shadow/shadow.ts'
import { counted } from '../words.ts'
import { cutShort, type RunEnd } from './checker.ts'

/** Whether a living producer still waits for the callback of a record's newest attempt. */
export function isOpen(shadow: Shadow, record: number): boolean {
  const { records, cluster } = shadow
  const node = records.nodeOf(record)
  return (
    records.isOpen.at(record) === 1 &&
    records.incarnation.at(record) === records.incarnationOf(node) &&
    !cluster.isDown(node)
  )
}

/**
 * Why more could still be appended than the end of a run shows, or null: at the event limit anything may be under way, at the
 * limit of healing and in a deadlock only what a producer still tries to send.
 */
export function stillOpen(shadow: Shadow, subject: number, end: RunEnd): string | null {
  const why = cutShort(end)
  if (why === null || end.ended === 'max-events') return why
  const { records, names } = shadow
  let open = 0
  for (let record = 0; record < records.length; record++) {
    if (subject !== -1 && names.applicationOf[records.nodeOf(record)] !== subject) continue
    if (isOpen(shadow, record)) open++
  }
  return open === 0 ? null : `${why}: ${counted(open, 'send')} had no outcome yet`
}
