/** Leaves out what it remembers having seen: in the memory of its process, which ends with it. */

/** @type {import('twiceshy/scenarios').HandlerFactory} */
export const byMemory = () => {
  const seen = new Set()
  return (order) => {
    if (seen.has(order.id)) return []
    seen.add(order.id)
    return {}
  }
}

/** Forgets nothing by remembering nothing. @type {import('twiceshy/scenarios').HandlerFactory} */
export const notAtAll = () => () => ({})
