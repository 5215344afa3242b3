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

/** Customers whose cards are declined now and then. What is known of a customer outlives the process that asks. */
const inArrears = ({ key }) => Number(key.slice(1)) % 3 === 0

const declined = (order) => inArrears(order) && number(order) % 2 === 0

/** What is declined waits; the next order of the same customer may not be. @type {import('twiceshy/scenarios').HandlerFactory} */
export const paymentsByOrder = () => (order) => ({ topic: declined(order) ? 'orders.retry' : 'payments' })

/** With one order of a customer all that follow wait. @type {import('twiceshy/scenarios').HandlerFactory} */
export const paymentsByCustomer = () => (order) => ({ topic: inArrears(order) ? 'orders.retry' : 'payments' })

/** The same from memory, which ends with the process. @type {import('twiceshy/scenarios').HandlerFactory} */
export const paymentsByMemory = () => {
  const parked = new Set()
  return (order) => {
    if (declined(order)) parked.add(order.key)
    return { topic: parked.has(order.key) ? 'orders.retry' : 'payments' }
  }
}

/** Ten seconds after it was written an order is paid. @type {import('twiceshy/scenarios').HandlerFactory} */
export const paysLater = () => async (order, context) => {
  await context.sleep(Math.max(0, order.timestamp + 10_000 - context.now()))
  return {}
}

const TRIES = 3

/** How often an order was tried: its value says so from the first time on. */
const tried = ({ value }) => (value.startsWith('tried ') ? Number(value.slice('tried '.length, value.indexOf(':'))) : 0)

/** Writes what it cannot do for itself to read again, and gives up in the end. @type {import('twiceshy/scenarios').HandlerFactory} */
export const retriesItself = () => async (order, context) => {
  const times = tried(order)
  if (times > 0) {
    await context.sleep(Math.max(0, order.timestamp + 200 - context.now()))
    await context.step('tried again')
  }
  if (number(order) % 5 > times) {
    const value = times === 0 ? `tried 1:${order.value}` : order.value.replace(`tried ${times}`, `tried ${times + 1}`)
    return { topic: times + 1 < TRIES ? 'orders.retry' : 'orders.dead', value }
  }
  return { topic: 'payments' }
}
