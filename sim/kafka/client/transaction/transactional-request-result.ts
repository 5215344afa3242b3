import type { Cause } from './transaction-error.ts'

/**
 * `TransactionalRequestResult`: what a call waits for. It may be waited for more than once, when the first wait timed out;
 * until the application has seen the end (`acked`), nothing but the same call is legal.
 */
export class TransactionalRequestResult {
  completed = false
  error: Cause | null = null
  acked = false

  done(): void {
    this.completed = true
  }

  /** The last error counts, as in Kafka. */
  fail(error: Cause): void {
    this.completed = true
    this.error = error
  }
}
