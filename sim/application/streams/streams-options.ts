import type { ProducerTopic } from '../../kafka/client/producer-owner.ts'
import type { ProducerConfig } from '../../kafka/protocol/config/producer.ts'
import type { StreamsRules, Transform } from '../applications.ts'
import { copiesOf, type OutputMaker } from '../processor-sends.ts'
import type { ReaderProcessOptions } from '../reader-options.ts'
import type { TaskStates, TaskStatesOptions } from './task-states.ts'

export interface StreamsProcessOptions extends ReaderProcessOptions {
  readonly to: readonly ProducerTopic[]
  readonly transform: Transform
  readonly producerConfig: ProducerConfig
  readonly streams: StreamsRules
  /** Where its stores are and what backs them; null without any. */
  readonly state: Pick<TaskStatesOptions, 'changelog' | 'disk' | 'values'> | null
}

/** What the tasks of a thread make of a record. */
export function makerOf({ transform, state }: StreamsProcessOptions, states: TaskStates | null): OutputMaker {
  switch (transform.kind) {
    case 'copy':
    case 'fan-out':
      return copiesOf(transform)
    case 'count-by-key':
      if (states === null || state === null) throw new Error('to count by key takes a store')
      return { kind: 'count', counter: states, values: state.values }
    case 'handler':
      throw new Error('a stream thread runs no handler of the user')
  }
}
