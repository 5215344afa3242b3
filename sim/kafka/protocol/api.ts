/** Kafka's api keys, by Kafka's names. */
export const Api = {
  Produce: 0,
  Fetch: 1,
  Metadata: 3,
  ApiVersions: 18,
  InitProducerId: 22,
  AlterPartition: 56,
  BrokerRegistration: 62,
  BrokerHeartbeat: 63,
  AllocateProducerIds: 67,
} as const

export type ApiKey = (typeof Api)[keyof typeof Api]
export type ApiName = keyof typeof Api

const NAMES: ReadonlyMap<number, ApiName> = new Map(Object.entries(Api).map(([name, key]) => [key, name as ApiName]))

export function apiName(key: number): ApiName | undefined {
  return NAMES.get(key)
}
export function apiNamed(name: string): ApiKey | undefined {
  return Object.hasOwn(Api, name) ? Api[name as ApiName] : undefined
}

/** Oldest and newest version of a request. */
export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** What a 4.1 broker speaks (message schemas of 4.1.1). */
export const BROKER_VERSIONS: Readonly<Record<ApiKey, VersionRange>> = {
  [Api.Produce]: { min: 3, max: 13 },
  [Api.Fetch]: { min: 4, max: 18 },
  [Api.Metadata]: { min: 0, max: 13 },
  [Api.ApiVersions]: { min: 0, max: 4 },
  [Api.InitProducerId]: { min: 0, max: 5 },
  [Api.AlterPartition]: { min: 2, max: 3 },
  [Api.BrokerRegistration]: { min: 0, max: 4 },
  [Api.BrokerHeartbeat]: { min: 0, max: 1 },
  [Api.AllocateProducerIds]: { min: 0, max: 0 },
}
