/** Exit codes of every command. */
export const EXIT = {
  met: 0,
  notMet: 1,
  usage: 2,
  inconclusive: 3,
  nothingMatched: 4,
  internal: 70,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Of several, the first of these is the exit code. */
const PRECEDENCE: readonly ExitCode[] = [130, 70, 2, 1, 3, 4]

export function exitOf(codes: Iterable<ExitCode>): ExitCode {
  const seen = new Set(codes)
  return PRECEDENCE.find((code) => seen.has(code)) ?? EXIT.met
}
