import type { Env } from '../kafka/env.ts'
import { Database } from './database.ts'
import { DatabaseStore } from './database-store.ts'
import { Endpoint, EndpointData } from './endpoint.ts'
import { FileStore } from './file-store.ts'
import { FileTree } from './file-tree.ts'
import type { StoreService } from './store-process.ts'

/** What a store keeps: it survives its process and its host. */
export type StoreData = Database | FileTree | EndpointData

/** The data of a new store: empty, but for the rows of a database. */
export function storeData(kind: 'database' | 'files' | 'endpoint', rows = 0): StoreData {
  switch (kind) {
    case 'database':
      return new Database(rows)
    case 'files':
      return new FileTree()
    case 'endpoint':
      return new EndpointData()
  }
}

/** What a store's process does with its data. */
export function storeService(env: Env, data: StoreData): StoreService {
  if (data instanceof Database) return new DatabaseStore(env, data)
  return data instanceof FileTree ? new FileStore(env, data) : new Endpoint(env, data)
}

/** What a store has done for a group for good. */
export function countsOf(
  data: StoreData,
  group: string,
): { readonly inserted: number; readonly incremented: number; readonly filed: number; readonly called: number } {
  const nothing = { inserted: 0, incremented: 0, filed: 0, called: 0 }
  if (data instanceof Database)
    return { ...nothing, inserted: data.insertedRows(group), incremented: data.increments(group) }
  return data instanceof FileTree
    ? { ...nothing, filed: data.filedRows(group) }
    : { ...nothing, called: data.callsOf(group) }
}
