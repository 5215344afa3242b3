import { listed, seconds } from '../words.ts'
import type { Damage } from '../shadow/damage.ts'
import type { ShadowLog } from '../shadow/shadow-log.ts'
import type { Shadow } from '../shadow/shadow.ts'

/** Whose copy of an entry is damaged, and whose is not; null when nobody's is. */
export function tellDamaged(shadow: Shadow, partition: number, entry: number): string | null {
  const { logs, names } = shadow
  const damaged: string[] = []
  const whole: string[] = []
  for (let node = 0; node < names.nodes.length; node++) {
    const log = logs.known(node, partition)
    if (log === undefined || !log.holds(entry)) continue
    const damage = log.damageOf(entry)
    if (damage === undefined) whole.push(names.node(node))
    else damaged.push(`${names.node(node)} (since ${seconds(damage.at)})`)
  }
  if (damaged.length === 0) return null
  const others =
    whole.length === 0
      ? 'no other replica holds it'
      : `only ${listed(whole)} still ${whole.length === 1 ? 'has' : 'have'} what was written`
  return `its bytes have changed on the disk of ${listed(damaged)}; ${others}`
}

/** What a reader finds of a damaged batch. */
export function tellChecksum({ isHidden }: Damage): string {
  return isHidden ? 'its checksum fits what it holds now' : 'its checksum does not fit any more'
}

/** Which records a log holds; `whole`: where they are damaged it does not. Valid until the next one is made. */
export class HeldBatches {
  private readonly shadow: Shadow
  private readonly mark: number

  constructor(shadow: Shadow, log: ShadowLog, whole: boolean) {
    this.shadow = shadow
    this.mark = shadow.logs.markBatches(log, whole)
  }

  lack(record: number): boolean {
    const { records, batches } = this.shadow
    let placement = records.newestPlacement.at(record)
    while (placement >= 0 && batches.mark.at(records.placementBatch.at(placement)) !== this.mark) {
      placement = records.placementOfRecord.at(placement)
    }
    return placement < 0
  }
}

/** The live newest leader's log if anything in it is damaged, else null. */
export function damagedLeader({ leaderships, logs }: Shadow, partition: number): ShadowLog | null {
  if (leaderships.alive[partition] !== 1) return null
  const led = logs.of(leaderships.newestNode(partition), partition)
  return led.damaged.length === 0 ? null : led
}
