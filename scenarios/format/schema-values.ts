import { z } from 'zod'
import type { ConfigTable } from '../../sim/kafka/protocol/config/definition.ts'
import type { RawConfig, RawConfigMap, RawMoment, RawName, RawSpread, RawTarget } from './raw.ts'

export const name: z.ZodType<RawName> = z.union([z.string(), z.number()])
export const names: z.ZodType<RawName | RawName[]> = z.union([name, z.array(name)])
export const duration: z.ZodType<string> = z
  .string()
  .regex(/^(\d+(\.\d+)?(us|ms|s|m|h|d))+$/)
  .describe('a duration such as 250ms, 30s or 1m30s')
export const signedDuration: z.ZodType<string> = z
  .string()
  .regex(/^[+-]?(\d+(\.\d+)?(us|ms|s|m|h|d))+$/)
  .describe('a duration, or with a minus before it one back, such as -1h')
export const spread: z.ZodType<RawSpread> = z
  .union([
    duration,
    z.strictObject({ uniform: z.tuple([duration, duration]) }),
    z.strictObject({ exponential: duration }),
    z.strictObject({ normal: z.strictObject({ mean: duration, stddev: duration }) }),
  ])
  .describe('a duration, or a spread from which one is drawn')
export const target: z.ZodType<RawTarget> = z.lazy(() =>
  z
    .union([z.string(), z.strictObject({ any: z.array(target) })])
    .describe(
      'broker-2, leader(orders-0), followers(orders-0), controller(active), an application, a role, or { any: [...] }',
    ),
)
export const scalar: z.ZodType<string | number | boolean> = z.union([z.string(), z.number(), z.boolean()])
export const configMap: z.ZodType<RawConfigMap> = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .describe("Kafka's own property names and values")

/** A map of Kafka properties whose known keys editors complete; unknown ones are the resolver's to refuse. */
export function propertiesOf(
  table: ConfigTable,
  others: Readonly<Record<string, string>> = {},
): z.ZodType<RawConfigMap> {
  const value = z.union([z.string(), z.number(), z.boolean(), z.null()]).optional()
  const shape: Record<string, typeof value> = {}
  for (const [key, about] of Object.entries(others)) shape[key] = value.describe(about)
  for (const [key, definition] of Object.entries(table))
    shape[key] = value.describe(`default ${String(definition.default)}`)
  return z.looseObject(shape).describe("Kafka's own property names and values") as unknown as z.ZodType<RawConfigMap>
}

/** The same, or the path of a `.properties` file. */
export function configOf(table: ConfigTable, others: Readonly<Record<string, string>> = {}): z.ZodType<RawConfig> {
  return z.union([propertiesOf(table, others), z.string()])
}

/** Settings whatever their names; where there is a table of them, see {@link configOf}. */
export const config: z.ZodType<RawConfig> = z.union([configMap, z.string()])
export const moment: z.ZodType<RawMoment> = z.intersection(
  z.looseObject({ moment: z.string().describe('a moment, see `twiceshy list moments`') }),
  z.record(z.string(), scalar),
)
export const share: z.ZodType<number> = z.number().min(0).max(1)
export const count: z.ZodType<number> = z.int().min(0)
