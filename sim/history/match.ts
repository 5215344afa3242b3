/** Which moments a trigger waits for: the moment's name and the values its fields must have, as written in the scenario. */
export interface MomentMatch {
  /** A moment's name, such as `produce.acked`. */
  readonly moment: string
  /** Field name to expected value: topic names, node names, record ids as text; numbers as numbers. */
  readonly fields: Readonly<Record<string, string | number | boolean>>
}
