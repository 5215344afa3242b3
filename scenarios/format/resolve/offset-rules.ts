import type { ProducerSpec, ReaderSpec, WorldSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import type { Context } from './context.ts'

type Workers = Pick<WorldSpec, 'producers' | 'consumers' | 'processors'>

/**
 * Offsets that scripts name and no log will ever reach. Kafka takes them: a commit is not checked, and whoever reads from there
 * is out of range and follows its reset policy.
 */
export function checkOffsets(workers: Workers, context: Context): void {
  for (const consumer of workers.consumers) {
    const place = context.applications.get(consumer.name)?.place
    if (place === undefined || consumer.steps === null) continue
    for (const step of place.get('steps').items()) {
      for (const name of ['seek', 'commit']) checkStep(step.get(name), consumer, workers, context)
    }
  }
}

function checkStep(step: Place, reader: ReaderSpec, workers: Workers, context: Context): void {
  if (step.tree?.kind !== 'map') return
  for (const entry of step.entries()) {
    const topic = entry.name.slice(0, entry.name.lastIndexOf('-'))
    const offset = Number(entry.text())
    const end = context.topics.has(topic) ? mostRecords(topic, workers) : null
    if (end === null || !(offset > end)) continue
    const written = end === 0 ? 'nothing is written to it' : `at most ${end} records are written to it`
    const message = `\`${entry.name}\` has no offset ${offset}: ${written}`
    const policy = reader.config['auto.offset.reset']
    const help = `Kafka takes it; who reads from there is out of range, and \`auto.offset.reset: ${policy}\` says what follows`
    entry.warning('TWICESHY_CONFIG_SURPRISE', message, help)
  }
}

/** As many records as a topic can get; null where that cannot be told: they are made of others, or come with markers. */
function mostRecords(topic: string, { producers, processors }: Workers): number | null {
  if (processors.some(({ to }) => to.includes(topic))) return null
  let sum = 0
  for (const producer of producers) {
    if (producer.config['transactional.id'] !== '') return null
    sum += recordsOf(producer, topic) * producer.instances
  }
  return sum
}

function recordsOf({ workload, to }: ProducerSpec, topic: string): number {
  if (workload.kind === 'send') return to.includes(topic) ? workload.records : 0
  return workload.steps.filter((step) => step.do === 'send' && step.to === topic).length
}
