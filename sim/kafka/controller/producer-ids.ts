import type { MetadataRecord } from '../protocol/metadata-records.ts'

/** `ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE` */
export const PRODUCER_ID_BLOCK_SIZE = 1000

export type ProducerIdsRecord = Extract<MetadataRecord, { readonly type: 'ProducerIdsRecord' }>

/** `ProducerIdControlManager`: producer ids are given out in blocks; what a broker does not use of its block is lost. */
export class ProducerIdControlManager {
  private nextProducerId = 0

  /** First id of the next block. */
  get blockStart(): number {
    return this.nextProducerId
  }

  /** The record that gives the next block to a broker. */
  generate(brokerId: number, brokerEpoch: number): ProducerIdsRecord {
    return {
      type: 'ProducerIdsRecord',
      brokerId,
      brokerEpoch,
      nextProducerId: this.nextProducerId + PRODUCER_ID_BLOCK_SIZE,
    }
  }

  replay(record: ProducerIdsRecord): void {
    this.nextProducerId = record.nextProducerId
  }
}
