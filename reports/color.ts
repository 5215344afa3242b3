/** 0 = none, 1 = 16 colours, 2 = 256, 3 = 16 million; the levels of chalk. */
export type ColorLevel = 0 | 1 | 2 | 3

export interface ColorInput {
  /** `--color` (true), `--no-color` (false), or neither. */
  readonly flag: boolean | null
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isTTY: boolean
}

/** Continuous-integration services whose logs show colours although they are no terminal. */
const COLORFUL_CI: readonly string[] = ['GITHUB_ACTIONS', 'GITLAB_CI', 'CIRCLECI', 'BUILDKITE', 'TRAVIS', 'DRONE']

/**
 * Decides once whether to colour: `--color`/`--no-color`, then FORCE_COLOR, then a non-empty NO_COLOR, then `TERM=dumb`,
 * then whether the output is a terminal or a known CI log.
 */
export function colorLevel(input: ColorInput): ColorLevel {
  if (input.flag === false) return 0
  if (input.flag === true) return depth(input.env)
  const forced = input.env['FORCE_COLOR']
  if (forced !== undefined) return forcedLevel(forced, input.env)
  if ((input.env['NO_COLOR'] ?? '') !== '') return 0
  if (input.env['TERM'] === 'dumb') return 0
  const shows = input.isTTY || COLORFUL_CI.some((name) => (input.env[name] ?? '') !== '')
  return shows ? depth(input.env) : 0
}

function forcedLevel(value: string, env: ColorInput['env']): ColorLevel {
  switch (value) {
    case '0':
    case 'false':
      return 0
    case '1':
      return 1
    case '2':
      return 2
    case '3':
      return 3
    default:
      return depth(env)
  }
}

function depth(env: ColorInput['env']): 1 | 2 | 3 {
  const colorterm = env['COLORTERM']
  if (colorterm === 'truecolor' || colorterm === '24bit') return 3
  return (env['TERM'] ?? '').includes('256') ? 2 : 1
}
