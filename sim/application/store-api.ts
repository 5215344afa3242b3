import type { StoreApiName } from '../kafka/protocol/api.ts'
import type { StoreWrite } from './applications.ts'

/** The request by which what a store shows changes for good. */
export function storeApiOf(write: StoreWrite): StoreApiName {
  switch (write) {
    case 'file':
      return 'StoreRenameFile'
    case 'call':
      return 'StoreCall'
    case 'insert':
    case 'upsert':
    case 'increment':
      return 'StoreWrite'
  }
}
