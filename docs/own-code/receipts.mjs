import { defineScenario } from 'twiceshy/scenarios'

/**
 * Right: what it keeps is kept within the factory, which is called for each process. It writes one receipt for each order,
 * and its position is committed when the receipts are there.
 *
 * @type {import('twiceshy/scenarios').HandlerFactory}
 */
export const receipts = () => {
  const seen = new Set()
  return async (order, context) => {
    await context.sleep(2)
    await context.step('charged')
    const again = seen.has(order.id)
    seen.add(order.id)
    return { key: order.key, value: `${again ? 'again ' : ''}a receipt for ${order.value}` }
  }
}

export default defineScenario({
  scenario: 'receipts',
  topics: { orders: { partitions: 2 }, receipts: { partitions: 2 } },
  producers: { checkout: { to: 'orders', send: { records: 20, every: '50ms' }, config: { acks: 'all' } } },
  processors: {
    accountant: {
      from: 'orders',
      to: 'receipts',
      commit: 'after-output',
      handler: receipts,
      config: { 'group.id': 'accounting', 'auto.offset.reset': 'earliest' },
    },
  },
  faults: [{ when: { moment: 'handler.stepped', name: 'charged', nth: 3 }, crash: 'accountant', for: '1s' }],
  run: { runs: 20 },
  expect: { 'at-least-once': 'holds' },
  variants: {
    // Wrong: the position is committed before the work is done.
    'commits-first': {
      processors: { accountant: { commit: 'before-output' } },
      expect: { 'at-least-once': { violated: 'lost-effect' } },
    },
    // Right, and once: receipts and positions are committed together.
    'in-a-transaction': {
      processors: {
        accountant: {
          commit: 'in-transaction',
          config: { 'transactional.id': 'accountant-${instance}', 'isolation.level': 'read_committed' },
        },
      },
      expect: { 'exactly-once': 'holds' },
    },
  },
})
