/**
 * Orders that cannot be paid are tried again later, and given up in the end. What becomes of an order follows from the order, so
 * that whoever does it again decides the same.
 */

const number = ({ value }) => Number(value.slice(value.lastIndexOf('/') + 1))

/** Every third order cannot be paid at once. @type {import('twiceshy/scenarios').HandlerFactory} */
export const payments = () => (order) => ({ topic: number(order) % 3 === 0 ? 'orders.retry' : 'payments' })

/** A second after it was written an order is tried once more. @type {import('twiceshy/scenarios').HandlerFactory} */
export const retries = () => async (order, context) => {
  await context.sleep(Math.max(0, order.timestamp + 1000 - context.now()))
  await context.step('tried again')
  return { topic: number(order) % 2 === 0 ? 'orders.dead' : 'payments' }
}
