/**
 * The three ports between the simulated world and the machine. The world never imports the machine: whoever runs it
 * passes implementations in (see `cli/host`).
 */

/** An incremental cryptographic digest of byte chunks. */
export interface Hasher {
  /** Feeds a chunk; the chunk's memory may be reused as soon as the call returns. */
  update(chunk: Uint8Array): void
  /** A second hasher that has seen the same bytes; used when a running world is cloned. */
  copy(): Hasher
  /** The digest in lower-case hex. The hasher is spent afterwards. */
  digest(): string
}

/** Makes a fresh {@link Hasher}. */
export type HasherFactory = () => Hasher

/** Runs everything that asynchronous user code has queued, before simulated time may move on. */
export type Drain = () => void

/** Loads a user's module by path; only scenario modules with handlers need it. */
export type LoadModule = (path: string) => Promise<unknown>
