import { CHOICE } from '../../kernel/site.ts'
import type { Env } from '../env.ts'
import type { NetworkClient } from './network-client.ts'

/**
 * `NetworkClient.leastLoadedNode`: a ready node with the fewest requests in flight, else one that is connecting, else one that
 * may be connected to; -1 when every node is in back-off or full. Where to begin looking is a free choice.
 */
export function leastLoadedNode(env: Env, client: NetworkClient, candidates: readonly number[]): number {
  const count = candidates.length
  const offset = env.decide(CHOICE, count)
  let best = -1
  let connecting = -1
  let connectable = -1
  for (let i = 0; i < count; i++) {
    const node = candidates[(offset + i) % count] as number
    if (client.canSend(node)) {
      if (client.inFlight(node) === 0) return node
      if (best < 0 || client.inFlight(node) < client.inFlight(best)) best = node
    } else if (client.isConnecting(node)) {
      connecting = node
    } else if (connectable < 0 && client.canConnect(node)) {
      connectable = node
    }
  }
  if (best >= 0) return best
  return connecting >= 0 ? connecting : connectable
}
