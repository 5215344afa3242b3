/** System events of the fault injector (16..23 are its own); the world forwards them to `Injector.onSystemEvent`. */

/** A planned fault begins; `a` is its index in the plan. */
export const FAULT_BEGIN = 16
/** A fault's time is over; `a` is the number of the firing. */
export const FAULT_END = 17
/** A node whose clean shutdown outlasted its fault is down now and may start again; `a` is the node. */
export const FAULT_RESTART = 18

/** Signal to a node: the moment that it waits for has happened. */
export const MOMENT_SIGNAL = 16
