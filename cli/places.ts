/**
 * Scripts that are started or imported by their place. What users install is packed into few files (`rolldown.config.js`),
 * in which a module stands no longer in its own: this is the only one that says where another is, and all that entries
 * share stays in this folder.
 */
export const MAIN: URL = new URL('./main.js', import.meta.url)

/** The pool's worker; the scripts of other threads are found from it. */
export const WORKER: URL = new URL('./pool/worker.js', import.meta.url)

/** The product's own judge, a module that exports `judgeRun`. */
export const JUDGE: string = new URL('../properties/judge.js', import.meta.url).href
