/** What a ledger takes of orders, and as which row. Every fourth order is a draft, and left out. */

const number = ({ value }) => Number(value.slice(value.lastIndexOf('/') + 1))

const isDraft = (order) => number(order) % 4 === 3

/** The row's key follows from the order, whoever books it again. @type {import('twiceshy/scenarios').HandlerFactory} */
export const byOrder = () => async (order, context) => {
  await context.sleep(1)
  await context.step('decided')
  return isDraft(order) ? undefined : { key: `booking ${order.id}` }
}

/** The row's key is made up for the booking, as a random UUID is. @type {import('twiceshy/scenarios').HandlerFactory} */
export const byChance = () => async (order, context) => {
  await context.sleep(1)
  await context.step('decided')
  return isDraft(order) ? undefined : { key: `booking ${context.random()}` }
}
