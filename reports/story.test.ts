import { describe, expect, test } from 'vitest'
import { APPENDED_AS_LEADER, REPLY_FLAG } from '../sim/history/ids.ts'
import { CRASH_AT_1S } from './sample.test.support.ts'
import { MOST_LINES, type Story, type StoryQuestion, tellStory } from './story.ts'
import {
  BROKER_1,
  BROKER_2,
  BROKER_3,
  CHECKOUT,
  CONTROLLER,
  ORDERS,
  record,
  TraceWriter,
} from './trace.test.support.ts'

function told(trace: TraceWriter, atMs: number, violation: Partial<StoryQuestion['violation']> = {}): Story {
  const asked = { kind: 'lost-record', atUs: atMs * 1000, records: ['checkout#0/5'], ...violation }
  return tellStory(trace.chunks(), { violation: asked, faults: [CRASH_AT_1S] })
}

function lines({ lines }: Story): string {
  return lines.map(({ atUs, text, isCause }) => `${isCause ? '▶' : ' '} ${atUs / 1000} ${text}`).join('\n')
}

function lostRecord(): TraceWriter {
  const trace = new TraceWriter().send(90, 4).append(91, BROKER_1, 4, 4, true).send(100, 5)
  return trace
    .append(101, BROKER_1, 5, 5, true)
    .tell('produce.answered', BROKER_1, { tp: ORDERS, offset: 5, to: CHECKOUT, acks: 1, batch: 5 })
    .tell('request.sent', BROKER_1, { to: CHECKOUT, api: REPLY_FLAG, connection: 9, correlation: 5 })
    .at(102)
    .tell('request.delivered', CHECKOUT, { from: BROKER_1, api: REPLY_FLAG, connection: 9, correlation: 5 })
    .tell('produce.acked', CHECKOUT, { record: record(5), tp: ORDERS, offset: 5 })
    .at(103)
    .tell('fault.fired', BROKER_1, { fault: 0, entry: 0, target: BROKER_1, action: 'crash' })
    .tell('node.crashed', BROKER_1, { incarnation: 1 })
    .at(9000)
    .tell('broker.fenced', CONTROLLER, { broker: BROKER_1 })
    .tell('leader.elected', CONTROLLER, { tp: ORDERS, leader: 2, epoch: 1, isr: [2, 3] })
    .at(9001)
    .tell('leader.began', BROKER_2, { tp: ORDERS, epoch: 1, offset: 5 })
    .at(9500)
    .tell('log.truncated', BROKER_1, { tp: ORDERS, offset: 5, leo: 6 })
    .tell('isr.changed', CONTROLLER, { tp: ORDERS, isr: [1, 2, 3] })
}

describe('the story of a violation', () => {
  test('follows its record, and marks the moment that made it one', () => {
    expect(lines(told(lostRecord(), 9001))).toMatchInlineSnapshot(`
      "  100 broker-1 leads orders-0 in epoch 0; in sync: broker-1, broker-2 and broker-3
        100 checkout#0 sends checkout#0/5 to orders-0
        100 checkout#0 puts checkout#0/5 into a batch
        100 the Produce request with checkout#0/5 leaves checkout#0 for broker-1
        101 the Produce request with checkout#0/5 reaches broker-1
        101 broker-1 appends checkout#0/5 at offset 5 of orders-0 as the leader of epoch 0
        101 broker-1 answers checkout#0 for checkout#0/5: offset 5
        101 the Produce answer with checkout#0/5 leaves broker-1 for checkout#0
        102 the Produce answer with checkout#0/5 reaches checkout#0
        102 checkout#0 is told that checkout#0/5 is published at offset 5
        103 faults[0] (crash leader(orders-0)) strikes broker-1
        103 broker-1 crashes
        9000 the controller takes broker-1 for dead (fenced)
        9000 the controller elects broker-2 leader of orders-0 in epoch 1; in sync: broker-2 and broker-3
      ▶ 9001 broker-2 begins to lead orders-0 in epoch 1 from offset 5, without checkout#0/5: lost-record
        9500 broker-1 cuts orders-0 back from offset 6 to 5: its copy of checkout#0/5 is gone"
    `)
  })

  test('tells of controllers that take over from each other', () => {
    const trace = new TraceWriter()
      .send(100, 5)
      .append(101, BROKER_1, 5, 5, true)
      .at(500)
      .tell('controller.deposed', CONTROLLER, { epoch: 1, offset: 20, leo: 22 })
      .tell('controller.started', BROKER_2, { offset: 21, epoch: 2 })
      .tell('controller.started', BROKER_2, { offset: 21, epoch: 0 })
      .at(9001)
      .tell('leader.began', BROKER_2, { tp: ORDERS, epoch: 1, offset: 5 })
    expect(
      lines(told(trace, 9001))
        .match(/.*the active controller.*/g)
        ?.map((line) => line.trim()),
    ).toEqual([
      '500 controller-1 is not the active controller any more, and what it had decided alone is void',
      '500 broker-2 is the active controller now, in epoch 2 of the quorum',
    ])
  })

  test('is the same again, and of a trace that was cut off', () => {
    const chunks = lostRecord().chunks()
    const question = { violation: { kind: 'lost-record', atUs: 9_001_000, records: ['checkout#0/5'] }, faults: [] }
    expect(tellStory(chunks, question)).toEqual(tellStory(lostRecord().chunks(), question))
    const [chunk = new Uint8Array()] = chunks
    for (let length = 0; length <= chunk.length; length += 32) {
      expect(() => tellStory([chunk.subarray(0, length)], question)).not.toThrow()
    }
  })

  test('says when nothing of the trace is the cause', () => {
    const story = told(new TraceWriter().send(100, 5), 70_000, { kind: 'stuck-send' })
    expect(story.lines.at(-1)).toEqual({ atUs: 70_000_000, text: 'here it is certain: stuck-send', isCause: true })
    expect(story.lines.filter(({ isCause }) => isCause)).toHaveLength(1)
  })

  test('a lost answer is told where the request of that answer carried the record', () => {
    const trace = new TraceWriter().send(100, 5).send(100, 6)
    trace.append(101, BROKER_1, 5, 5, true).append(101, BROKER_1, 6, 6, true).at(102)
    for (const correlation of [5, 6])
      trace.tell('request.dropped', BROKER_1, { to: CHECKOUT, api: REPLY_FLAG, connection: 9, correlation })
    trace.at(105).tell('batch.retried', CHECKOUT, { batch: 5, tp: ORDERS, error: 13 })
    const text = lines(told(trace, 105))
    expect(text).toContain('the Produce answer with checkout#0/5 from broker-1 never reaches checkout#0')
    expect(text.match(/never reaches/g)).toHaveLength(1)
    expect(text).toContain('checkout#0 will send checkout#0/5 again after NETWORK_EXCEPTION')
  })

  test('a request that nobody handled is told as lost while the record was under way, and only then', () => {
    const drop = (trace: TraceWriter, correlation: number): TraceWriter =>
      trace.tell('request.dropped', CHECKOUT, { to: BROKER_1, api: 0, connection: 9, correlation })
    const trace = drop(new TraceWriter().send(90, 4).at(91), 4)
    drop(trace.send(100, 5).at(101), 5)
    expect(lines(told(trace, 101)).match(/a Produce request .*/g)).toEqual([
      'a Produce request from checkout#0 never reaches broker-1 while checkout#0/5 is under way: lost-record',
    ])
  })

  test('a record that its application sends again is followed in both batches', () => {
    const trace = new TraceWriter().send(100, 5)
    trace.append(101, BROKER_1, 5, 5, true)
    trace.at(200).tell('record.sent', CHECKOUT, { record: record(5), attempt: 1, tp: ORDERS })
    trace.tell('record.batched', CHECKOUT, { record: record(5), attempt: 1, batch: 7, index: 0 })
    trace.tell('request.sent', CHECKOUT, { to: BROKER_1, api: 0, connection: 10, correlation: 0 })
    trace.at(201).tell('request.delivered', BROKER_1, { from: CHECKOUT, api: 0, connection: 10, correlation: 0 })
    trace.tell('log.appended', BROKER_1, {
      tp: ORDERS,
      offset: 6,
      last: 6,
      batch: 7,
      producerEpoch: APPENDED_AS_LEADER,
    })
    trace.at(202)
    trace.tell('request.delivered', CHECKOUT, { from: BROKER_1, api: REPLY_FLAG, connection: 10, correlation: 0 })
    trace.tell('produce.acked', CHECKOUT, { record: record(5), attempt: 1, tp: ORDERS, offset: 6 })
    const text = lines(told(trace, 201, { kind: 'duplicate-record' }))
    expect(text).toContain('200 checkout#0 sends checkout#0/5 to orders-0, again (attempt 2)')
    expect(text).toContain('200 the Produce request with checkout#0/5 leaves checkout#0 for broker-1')
    expect(text).toContain('▶ 201 broker-1 appends checkout#0/5 at offset 6 of orders-0 as the leader of epoch 0')
    expect(text).toContain('202 checkout#0 is told that checkout#0/5 is published at offset 6')
  })

  test('a lost request is not suspected of a record whose answer came', () => {
    const trace = new TraceWriter().send(100, 5).at(100.5)
    trace.tell('request.sent', CHECKOUT, { to: BROKER_1, api: 0, connection: 9, correlation: 6 })
    trace.append(101, BROKER_1, 5, 5, true).at(102)
    trace.tell('request.delivered', CHECKOUT, { from: BROKER_1, api: REPLY_FLAG, connection: 9, correlation: 5 })
    trace.tell('produce.acked', CHECKOUT, { record: record(5), tp: ORDERS, offset: 5 })
    trace.at(103).tell('request.dropped', CHECKOUT, { to: BROKER_1, api: 0, connection: 9, correlation: 6 })
    expect(lines(told(trace, 104))).not.toContain('never reaches')
  })

  test('with acks=0 the request carries what is done when it leaves', () => {
    const trace = new TraceWriter().send(100, 5)
    trace.tell('produce.acked', CHECKOUT, { record: record(5), tp: ORDERS, offset: -1 })
    trace.at(100.5).tell('fault.fired', BROKER_1, { fault: 0, entry: 0, target: BROKER_1, action: 'crash' })
    trace.at(101).tell('request.dropped', CHECKOUT, { to: BROKER_1, api: 0, connection: 9, correlation: 5 })
    trace.at(102).tell('fault.fired', BROKER_1, { fault: 1, entry: 0, target: BROKER_2, action: 'crash' })
    const text = lines(told(trace, 100))
    expect(text).toContain('▶ 100 checkout#0 is told that checkout#0/5 is published: lost-record')
    expect(text).toContain('100.5 faults[0] (crash leader(orders-0)) strikes broker-1')
    expect(text).toContain('101 the Produce request with checkout#0/5 from checkout#0 never reaches broker-1')
    expect(text).not.toContain('strikes broker-2')
  })
})

describe('what stood around it', () => {
  const fault = { fault: 0, entry: 0, target: BROKER_3, action: 'crash' }

  test('a fault that still lasts, or has just ended, when the record is sent', () => {
    const before = (): TraceWriter => new TraceWriter().at(20).tell('fault.fired', BROKER_3, fault)
    expect(lines(told(before().send(100, 5), 100))).toContain('20 faults[0] (crash leader(orders-0)) strikes broker-3')
    const ended = before().at(50).tell('fault.ended', BROKER_3, { fault: 0, entry: 0 })
    expect(lines(told(ended.send(100, 5), 100))).toContain('strikes broker-3, until 0.050s')
  })

  test('links that are cut at one time are one sentence', () => {
    const trace = new TraceWriter().send(100, 5).at(200)
    for (const other of [BROKER_2, BROKER_3]) {
      trace
        .tell('link.cut', BROKER_1, { from: BROKER_1, to: other })
        .tell('link.cut', other, { from: other, to: BROKER_1 })
    }
    trace.at(300).tell('link.healed', BROKER_1, { from: BROKER_1, to: BROKER_2 })
    const text = lines(told(trace, 300))
    expect(text).toContain('200 nothing passes any more between broker-1 and broker-2 and broker-3')
    expect(text).toContain('300 messages pass again from broker-1 to broker-2')
    expect(text.match(/nothing passes/g)).toHaveLength(1)
  })

  test('copies, high watermarks and cuts are told of replicas that hold the record', () => {
    const trace = new TraceWriter().send(100, 5).append(101, BROKER_1, 5, 7, true).append(103, BROKER_3, 5, 7, false)
    trace.at(104).tell('hw.advanced', BROKER_1, { tp: ORDERS, offset: 7, leader: true })
    trace.at(105).tell('hw.advanced', BROKER_1, { tp: ORDERS, offset: 8, leader: true })
    trace.at(106).tell('hw.advanced', BROKER_1, { tp: ORDERS, offset: 9, leader: true })
    trace.at(107).tell('log.truncated', BROKER_2, { tp: ORDERS, offset: 3, leo: 9 })
    trace.at(108).tell('log.loaded', BROKER_3, { tp: ORDERS, offset: 7 })
    trace.at(109).tell('disk.wiped', BROKER_1, { incarnation: 1 })
    trace.at(110).tell('leader.began', BROKER_1, { tp: ORDERS, epoch: 2, offset: 0 })
    const text = lines(told(trace, 110))
    expect(text).toContain('105 broker-1 moves its high watermark of orders-0 to 8, over offset 7: committed')
    expect(text.match(/high watermark/g)).toHaveLength(1)
    expect(text).not.toContain('broker-2 cuts')
    expect(text).toContain(
      '108 broker-3 finds its log of orders-0 only up to offset 7: its copy of checkout#0/5 is gone',
    )
    expect(text).toContain('109 the disk of broker-1 is empty: its copy of checkout#0/5 is gone')
    expect(text).toContain('▶ 110 broker-1 begins to lead orders-0 in epoch 2 from offset 0, without checkout#0/5')
  })

  test('other partitions and other records are not told', () => {
    const trace = lostRecord().send(9002, 6)
    trace.at(8000).tell('leader.elected', CONTROLLER, { tp: ORDERS + 1, leader: 3, epoch: 4, isr: [3] })
    const text = lines(told(trace, 9001))
    expect(text).not.toContain('checkout#0/6')
    expect(text).not.toContain('checkout#0/4')
    expect(text).not.toContain('orders-1')
  })

  test('a violation without records is told by faults and elections', () => {
    const text = lines(told(lostRecord(), 9500, { kind: 'stuck-replication', records: [] }))
    expect(text).toContain('strikes broker-1')
    expect(text).toContain('the controller elects broker-2 leader of orders-0 in epoch 1')
    expect(text).not.toContain('checkout#0/5')
  })
})

describe('room', () => {
  test('what repeats itself is told twice, with a count', () => {
    const trace = new TraceWriter().send(100, 5)
    for (let i = 1; i <= 50; i++) trace.at(100 + i).tell('batch.retried', CHECKOUT, { batch: 5, tp: ORDERS, error: 6 })
    const story = told(trace, 200)
    expect(story.lines.filter(({ text }) => text.includes('again after')).map(({ text }) => text)).toEqual([
      'checkout#0 will send checkout#0/5 again after NOT_LEADER_OR_FOLLOWER',
      'checkout#0 will send checkout#0/5 again after NOT_LEADER_OR_FOLLOWER (the 50th time)',
    ])
    expect(story.leftOut).toBe(0)
  })

  test('the fate of the record is told before everything else, whatever happens around it', () => {
    const trace = new TraceWriter().send(100, 5).append(101, BROKER_1, 5, 5, true)
    for (let i = 0; i < 100; i++) {
      trace.at(200 + i).tell('isr.changed', CONTROLLER, { tp: ORDERS, isr: [1] })
      trace.tell('node.crashed', BROKER_2, { incarnation: i })
    }
    trace.at(400).tell('leader.began', BROKER_3, { tp: ORDERS, epoch: 1, offset: 5 })
    const story = told(trace, 400)
    expect(story.lines).toHaveLength(MOST_LINES)
    expect(story.leftOut).toBeGreaterThan(150)
    const text = lines(story)
    expect(text).toContain('checkout#0 sends checkout#0/5')
    expect(text).toContain('broker-1 appends checkout#0/5')
    expect(text).toContain('▶ 400 broker-3 begins to lead')
    expect(text).toContain('200 broker-2 crashes')
    expect(text).toContain('299 broker-2 crashes')
    expect(text).not.toContain('in sync for')
  })
})
