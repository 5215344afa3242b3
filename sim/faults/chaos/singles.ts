import type { Stream } from '../../kernel/stream.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { impliedLog } from '../corrupted-log.ts'
import type { Action, ChaosKind, PlannedFault } from '../plan.ts'
import { drawClock } from './clocks.ts'
import { drawDuration } from './durations.ts'
import { drawDisconnect, drawIsolation, drawPartition } from './links.ts'
import { drawMessages } from './messages.ts'
import { drawOperation } from './operators.ts'
import { pickWeighted, range } from './pick.ts'
import type { Topology } from './topology.ts'
import { drawTrigger } from './triggers.ts'
import { drawVictim } from './victims.ts'
import { WEIGHTS } from './weights.ts'

/** One fault of a kind, on its own; null when this world has nothing that it could hit. */
export function drawSingle(
  kind: ChaosKind,
  topology: Topology,
  afterFaults: boolean,
  stream: Stream,
): PlannedFault | null {
  const action = drawAction(kind, topology, stream)
  if (action === null) return null
  const trigger = drawTrigger(topology, afterFaults, stream)
  const isOver = kind === 'disconnect' || kind === 'admin' || kind === 'corrupt'
  return { entry: -1, trigger, action, forUs: isOver ? null : drawDuration(topology, stream) }
}

function drawAction(kind: ChaosKind, topology: Topology, stream: Stream): Action | null {
  const severalControllers = topology.controllers.length > 1
  switch (kind) {
    case 'crash':
    case 'stop':
    case 'pause': {
      // A store is no part of the system under test: it may be gone for a while, and never loses what it has.
      const stores = kind !== 'stop'
      const target = drawVictim(topology, { controllers: true, clients: true, stores }, stream)
      return target === null ? null : { kind, target }
    }
    case 'power-loss': {
      // Controllers flush what counts; of a single one there is nothing else on the disk.
      const target = drawVictim(topology, { controllers: severalControllers, clients: true, stores: false }, stream)
      return target === null ? null : { kind, target }
    }
    case 'wipe-disk': {
      // A controller's metadata log is never lost: a voter without it votes as if it had never had one (KAFKA-12460).
      const target = drawVictim(topology, { controllers: false, clients: false, stores: false }, stream)
      return target === null ? null : { kind, target }
    }
    case 'disk-error':
    case 'disk-full': {
      const target = drawVictim(topology, { controllers: true, clients: false, stores: false }, stream)
      if (target === null) return null
      const disk = { target, directory: null }
      return kind === 'disk-full' ? { kind, ...disk } : { kind, of: pickWeighted(stream, WEIGHTS.operations), ...disk }
    }
    case 'slow-disk': {
      const target = drawVictim(topology, { controllers: severalControllers, clients: false, stores: false }, stream)
      return target === null
        ? null
        : {
            kind,
            target,
            by: { kind: 'uniform', minUs: MILLISECOND, maxUs: range(stream, 5 * MILLISECOND, 2 * SECOND) },
          }
    }
    case 'partition':
      return drawPartition(topology, stream)
    case 'isolate':
      return drawIsolation(topology, stream)
    case 'delay': {
      const match = drawMessages(topology, stream)
      if (match === null) return null
      const lengthUs = drawDuration(topology, stream) ?? topology.lagUs
      return { kind, by: { kind: 'constant', us: lengthUs }, ...match }
    }
    case 'drop': {
      const match = drawMessages(topology, stream)
      return match === null ? null : { kind, ...match }
    }
    case 'disconnect':
      return drawDisconnect(topology, stream)
    case 'corrupt':
      return drawCorruption(topology, stream)
    case 'clock-jump':
    case 'clock-skew':
      return drawClock(kind, topology, stream)
    case 'admin':
      return drawOperation(topology, stream)
  }
}

/** Bytes of a batch change on somebody's disk; null where somebody reads of whom it is not simulated what that does to them. */
function drawCorruption(topology: Topology, stream: Stream): Action | null {
  const target = drawVictim(topology, { controllers: false, clients: false, stores: false }, stream)
  if (target === null || !topology.corruptible) return null
  return { kind: 'corrupt', target, log: impliedLog(target), batch: pickWeighted(stream, WEIGHTS.batch) }
}
