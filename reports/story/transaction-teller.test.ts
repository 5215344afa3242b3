import { expect, test } from 'vitest'
import { recordOf } from '../../sim/history/ids.ts'
import { Api } from '../../sim/kafka/protocol/api.ts'
import { tellStory } from '../story.ts'
import { BROKER_1, BROKER_2, CHECKOUT, ORDERS, record, TraceWriter } from '../trace.test.support.ts'

const ID = { 'transactional.id': 'checkout' }
const PRODUCER = { producerId: 7, producerEpoch: 2 }
const TXN = { ...ID, txn: recordOf(CHECKOUT, 3) }
const OTHER = { 'transactional.id': 'audit', producerId: 8, producerEpoch: 0 }
const END_TXN = { api: Api.EndTxn, connection: 5, correlation: 1 }

function told(trace: TraceWriter, atMs: number): string {
  const violation = { kind: 'torn-transaction', atUs: atMs * 1000, records: ['checkout#0/5'] }
  const { lines } = tellStory(trace.chunks(), { violation, faults: [] })
  return lines.map(({ atUs, text, isCause }) => `${isCause ? '▶' : ' '} ${atUs / 1000} ${text}`).join('\n')
}

test('a story tells the transaction of its records', () => {
  const trace = new TraceWriter()
    .at(10)
    .tell('producer.registered', BROKER_2, { ...ID, ...PRODUCER, member: CHECKOUT })
    .tell('request.sent', CHECKOUT, { ...END_TXN, to: BROKER_2 })
    .at(20)
    .tell('txn.began', CHECKOUT, { ...TXN, ...PRODUCER })
    .send(100, 5)
    .tell('txn.opened', BROKER_2, { ...ID, ...PRODUCER })
    .tell('txn.opened', BROKER_2, OTHER)
    .tell('txn.partition-added', BROKER_2, { ...ID, ...PRODUCER, tp: ORDERS })
    .append(101, BROKER_1, 5, 5, true)
    .at(110)
    .tell('txn.offsets-sent', CHECKOUT, { ...TXN, group: 'g', tp: ORDERS, offset: 4 })
    .tell('offset.pending', BROKER_1, { ...PRODUCER, group: 'g', tp: ORDERS, offset: 4, member: CHECKOUT })
    .tell('txn.verified', BROKER_1, { ...PRODUCER, tp: ORDERS, error: 120 })
    .at(5000)
    .tell('request.delivered', BROKER_2, { ...END_TXN, from: CHECKOUT })
    .tell('txn.prepared', BROKER_2, { ...ID, ...PRODUCER, commit: false, timedOut: true })
    .at(5001)
    .tell('marker.written', BROKER_1, { ...PRODUCER, tp: ORDERS, offset: 6, commit: false })
    .tell('marker.written', BROKER_1, { ...OTHER, tp: ORDERS, offset: 7, commit: true })
    .tell('offset.dropped', BROKER_1, { ...PRODUCER, group: 'g', tp: ORDERS, offset: 4 })
    .tell('lso.advanced', BROKER_1, { tp: ORDERS, offset: 7 })
    .tell('txn.completed', BROKER_2, { ...ID, ...PRODUCER })
    .at(6000)
    .tell('txn.ending', CHECKOUT, { ...TXN, commit: true })
    .tell('producer.refused', BROKER_2, { ...ID, ...PRODUCER, api: Api.EndTxn, error: 90, member: CHECKOUT })
    .tell('txn.failed', CHECKOUT, { ...TXN, error: 90 })
  expect(told(trace, 6000)).toMatchInlineSnapshot(`
    "  20 broker-1 leads orders-0 in epoch 0; in sync: broker-1, broker-2 and broker-3
      20 checkout#0 begins transaction 3 (producer id 7, epoch 2)
      100 checkout#0 sends checkout#0/5 to orders-0
      100 checkout#0 puts checkout#0/5 into a batch
      100 the Produce request with checkout#0/5 leaves checkout#0 for broker-1
      100 broker-2, the coordinator of checkout, has an ongoing transaction (producer id 7, epoch 2)
      100 orders-0 belongs to the transaction of checkout now
      101 the Produce request with checkout#0/5 reaches broker-1
      101 broker-1 appends checkout#0/5 at offset 5 of orders-0 as the leader of epoch 0
      110 checkout#0 commits offset 4 of orders-0 for group g in transaction 3
      110 broker-1 holds offset 4 of orders-0 for group g until its transaction ends (producer id 7, epoch 2)
      110 broker-1 learns that producer id 7, epoch 2 may not write to orders-0: TRANSACTION_ABORTABLE
      5000 the EndTxn request that checkout#0 sent at 0.010s reaches broker-2 only now
      5000 broker-2 decides to abort the transaction of checkout (producer id 7, epoch 2), for it was open for longer than transaction.timeout.ms
      5001 broker-1 writes the marker ABORT at offset 6 of orders-0 (producer id 7, epoch 2)
      5001 broker-1 drops offset 4 of orders-0 for group g: its transaction was aborted (producer id 7, epoch 2)
      5001 broker-1 moves its last stable offset of orders-0 to 7, over offset 5
      5001 broker-2 knows of all markers for checkout (producer id 7, epoch 2): its transaction is over
      6000 checkout#0 calls commitTransaction() for transaction 3
      6000 broker-2 refuses EndTxn of checkout#0 for checkout (producer id 7, epoch 2): PRODUCER_FENCED
    ▶ 6000 checkout#0 gets PRODUCER_FENCED: transaction 3 is not committed, for all it can know: torn-transaction"
  `)
})

test('what ended before its records were sent is none of it', () => {
  const trace = new TraceWriter()
    .at(20)
    .tell('txn.began', CHECKOUT, { ...TXN, ...PRODUCER })
    .tell('txn.committed', CHECKOUT, TXN)
    .at(100)
    .tell('record.sent', CHECKOUT, { record: record(5), tp: ORDERS })
    .at(101)
    .tell('txn.prepared', BROKER_2, { ...ID, ...PRODUCER, commit: true })
  expect(told(trace, 200)).not.toContain('transaction ')
})
