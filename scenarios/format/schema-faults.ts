import { z } from 'zod'
import type { RawChaos, RawFault } from './raw.ts'
import { count, duration, moment, signedDuration, spread, target } from './schema-values.ts'

const stream = z.strictObject({
  from: target.optional(),
  to: target.optional(),
  api: z.string().optional().describe("Kafka's name of the request, such as Produce"),
  reply: z.boolean().optional().describe('the answer instead of the request'),
  nth: count.optional(),
  count: count.optional(),
  connection: z.enum(['any', 'same']).optional(),
  by: spread.optional().describe('delay only: how long'),
})

const directory = z.string().optional().describe('one of log.dirs; without it all')

const clock = z.strictObject({ target, by: signedDuration })

/** One object with every key: the message then points at the misspelt key, and editors complete all of them. */
export const fault: z.ZodType<RawFault> = z.strictObject({
  at: spread.optional().describe('trigger: a time'),
  every: spread.optional().describe('trigger: again and again'),
  between: z.tuple([duration, duration]).optional().describe('trigger: once, at a time drawn between two'),
  when: moment.optional().describe('trigger: a moment, with any of its fields, nth and every-match'),
  fail: z
    .strictObject({
      target,
      step: z.enum(['before-output', 'after-output', 'before-commit', 'after-commit']),
      nth: count.optional(),
    })
    .optional()
    .describe('trigger and action: an application dies at its nth step of this name'),
  after: spread.optional().describe('with `when`: how long after the moment'),
  times: count.optional(),
  'every-match': z.boolean().optional(),
  for: spread.optional().describe('how long the fault lasts; without it until healing'),
  crash: target.optional().describe('the process dies; what reached the operating system survives'),
  'power-loss': target.optional().describe('unflushed data is lost too'),
  'wipe-disk': target.optional().describe('dies and comes back empty'),
  stop: target.optional().describe('clean shutdown'),
  pause: target.optional().describe('stops executing, then goes on unaware'),
  partition: z
    .array(z.union([target, z.array(target)]))
    .optional()
    .describe('groups that cannot reach each other'),
  isolate: z
    .union([
      z.string(),
      z.strictObject({ target, direction: z.enum(['in', 'out', 'both']).optional(), from: target.optional() }),
    ])
    .optional(),
  delay: stream.optional().describe('holds a stream from the matching message on'),
  drop: stream.optional().describe('a message is lost and its connection ends'),
  disconnect: z.strictObject({ between: z.tuple([target, target]) }).optional(),
  'slow-disk': z.union([z.string(), z.strictObject({ target, by: spread.optional() })]).optional(),
  'disk-full': z
    .union([target, z.strictObject({ target, directory })])
    .optional()
    .describe('nothing can be written'),
  'disk-error': z
    .union([target, z.strictObject({ target, of: z.enum(['reads', 'writes', 'flushes']).optional(), directory })])
    .optional()
    .describe('operations on the disk fail: the log directory is offline, or the process halts'),
  corrupt: z
    .union([
      target,
      z.strictObject({
        target,
        partition: z.string().optional().describe('such as orders-0'),
        batch: z.union([z.enum(['any', 'first', 'last']), z.number()]).optional(),
      }),
    ])
    .optional()
    .describe("bytes of a batch change on a broker's disk"),
  'clock-jump': clock.optional().describe('the wall clock is set forward by so much, or back'),
  'clock-skew': clock.optional().describe('the wall clock gains so much in every second, or loses it'),
  admin: z.record(z.string(), z.unknown()).optional(),
})

export const chaos: z.ZodType<RawChaos> = z.strictObject({
  budget: z.enum(['within-promise', 'beyond', 'hostile']).optional(),
  kinds: z.array(z.string()).optional(),
  faults: z.tuple([count, count]).optional().describe('least and most faults of a run'),
})
