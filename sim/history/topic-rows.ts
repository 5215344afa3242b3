import { M, type Row } from './kinds.ts'

/** Moments of topics that change while the run goes on. */
export const TOPIC_ROWS: readonly Row[] = [
  [
    'config.committed',
    M.configCommitted,
    'the controller committed other settings of a topic, of which it goes by two',
    'topic:text topicId minIsr unclean:flag',
  ],
  [
    'topic.deleted',
    M.topicDeleted,
    'the controller committed that a topic is no more',
    'topic:text topicId partitions',
  ],
  [
    'config.applied',
    M.configApplied,
    'a broker goes by the other settings of a topic',
    'topic:text topicId minIsr unclean:flag',
  ],
]
