import { defineScenario } from 'twiceshy/scenarios'

// Wrong: a variable of the module outlives every process, and every run. A process that crashes loses its memory; this one
// would not.
let total = 0

/** @type {import('twiceshy/scenarios').HandlerFactory} */
const totals = () => (order) => ({ key: order.key, value: String(++total) })

export default defineScenario({
  scenario: 'totals in a module',
  topics: { orders: {}, totals: {} },
  producers: { checkout: { to: 'orders', send: { records: 20 }, config: { acks: 'all' } } },
  processors: {
    adder: {
      from: 'orders',
      to: 'totals',
      commit: 'after-output',
      handler: totals,
      config: { 'group.id': 'adding', 'auto.offset.reset': 'earliest' },
    },
  },
  expect: { 'at-least-once': 'holds' },
})
