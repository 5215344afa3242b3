import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { declareFlags, type FlagName, judgingFlags } from './commands/judging-flags.ts'
import { declareCampaignFlags } from './campaign/campaign-flags.ts'
import { declareSearchFlags, searchFlags } from './search/search-flags.ts'
import { nearest } from '../scenarios/format/suggest.ts'
import type { Context, GlobalFlags } from './context.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { errorText, notBuiltYet, UsageError } from './usage-error.ts'

/** Commands that are planned: they exist, say what they will do, and are refused. */
const PLANNED: Readonly<Record<string, string>> = {
  check: 'judge a recorded history',
}

const EXAMPLES = `
Examples:
  twiceshy                                     judge the scenario library
  twiceshy run scenarios/                      judge your own scenarios
  twiceshy run a.yaml --seed 7 --runs 1000     more runs under another seed
  twiceshy run a.yaml --set producers.checkout.config.acks=1
  twiceshy fuzz a.yaml --time-budget 60s       search for what breaks it
  twiceshy campaign safe-publishing --time-budget 15m
  twiceshy init                                write a first scenario

Exit codes: 0 as expected, 1 not as expected, 2 bad usage or file, 3 inconclusive, 4 nothing matched,
70 internal error or nondeterminism, 130 interrupted.
`

type Run = (values: Readonly<Record<string, unknown>>, globals: GlobalFlags) => Promise<ExitCode>

/**
 * Parses arguments and runs the command.
 *
 * @throws what is neither a mistake of the user nor an end that was asked for: a defect of the tool
 */
export async function main(args: readonly string[], context: Context): Promise<ExitCode> {
  let exit: ExitCode = EXIT.met
  const program = programFor(context, (code) => {
    exit = code
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof UsageError) {
      context.console.err.write(errorText(error.message, error.help))
      return EXIT.usage
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.met : EXIT.usage
    throw error
  }
}

function programFor(context: Context, done: (code: ExitCode) => void): Command {
  const { out, err } = context.console
  const program = new Command('twiceshy')
    .description('Will this Kafka configuration lose, double or reorder a record? Simulates it and tells.')
    .version(`twiceshy ${context.version}`, '-V, --version', 'the version')
    .helpOption('-h, --help', 'this help')
    .option('--color', 'colour, also when the output is no terminal')
    .option('--no-color', 'no colour')
    .option('-q, --quiet', 'only what is not as expected')
    .option('-v, --verbose', 'more about every scenario')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
      getOutHelpWidth: () => Math.min(120, Math.max(80, out.columns ?? 100)),
      getErrHelpWidth: () => Math.min(120, Math.max(80, err.columns ?? 100)),
    })
    .showSuggestionAfterError()
    .showHelpAfterError('  help: `--help` shows how it is called')
    .addHelpText('after', EXAMPLES)
    .exitOverride()

  const act = (command: Command, run: Run): void => {
    command.action(async () => {
      done(await run({ ...command.opts(), args: command.processedArgs }, globalFlags(command.optsWithGlobals())))
    })
  }
  addJudging(program, act, context)
  addSearching(program, act, context)
  addCampaigns(program, act, context)
  addOthers(program, act, context)
  for (const [name, about] of Object.entries(PLANNED)) {
    const command = program.command(name).description(`${about} (not built yet)`)
    command.argument('[arguments...]').allowUnknownOption()
    act(command, async () => {
      throw notBuiltYet(`the command ${name}`)
    })
  }
  return program
}

type Act = (command: Command, run: Run) => void

const ALL_FLAGS: readonly FlagName[] = ['seed', 'runs', 'jobs', 'filter', 'world', 'budget', 'reporters']

function addJudging(program: Command, act: Act, context: Context): void {
  const library = program.command('library [arguments...]', { isDefault: true, hidden: true })
  library.description(
    'judge the scenario library and print the table of guarantees: what twiceshy does without a command',
  )
  act(declareFlags(library, ALL_FLAGS), async (values, globals) => {
    const words = listOf(values)
    if (words.length > 0) throw unknownCommand(words)
    const { run } = await import('./commands/run.ts')
    const paths = [join(context.root, 'scenarios', 'library')]
    return run({ paths, flags: judgingFlags(values), globals, table: true }, context)
  })

  const run = program.command('run <scenarios...>').description('judge scenario files, or folders of them')
  act(declareFlags(run, ALL_FLAGS), async (values, globals) => {
    const { run } = await import('./commands/run.ts')
    return run({ paths: listOf(values), flags: judgingFlags(values), globals, table: false }, context)
  })

  const replay = program
    .command('replay <file>')
    .description('run a saved counterexample again and compare it with its record')
  act(declareFlags(replay, ['seed', 'filter', 'world']), async (values, globals) => {
    const { replay } = await import('./commands/replay.ts')
    return replay({ file: firstOf(values), flags: judgingFlags(values), globals }, context)
  })

  const matrix = program.command('matrix <scenarios...>').description('guarantee x variant: what each variant keeps')
  act(declareFlags(matrix, ALL_FLAGS), async (values, globals) => {
    const { matrix } = await import('./commands/matrix.ts')
    return matrix({ paths: listOf(values), flags: judgingFlags(values), globals }, context)
  })

  const check = program.command('check-determinism <scenarios...>')
  check.description('judge every run in several ways and compare the digests')
  check.option(
    '--node <path>',
    'also by another Node binary (repeatable)',
    (path: string, before: readonly string[] | undefined) => [...(before ?? []), path],
  )
  act(declareFlags(check, ['seed', 'runs', 'jobs', 'filter', 'world']), async (values, globals) => {
    const { checkDeterminism } = await import('./commands/check-determinism.ts')
    const nodes = (values['node'] as readonly string[] | undefined) ?? []
    return checkDeterminism({ paths: listOf(values), flags: judgingFlags(values), globals, nodes }, context)
  })

  const digests = program.command('digests <scenarios...>', { hidden: true })
  digests.description('print the digests of all runs as JSON, for check-determinism')
  digests.option('--trace-of <task/run>', 'instead, the trace of one run')
  act(declareFlags(digests, ['seed', 'runs', 'jobs', 'filter', 'world']), async (values, globals) => {
    const { digests } = await import('./commands/digests.ts')
    const traceOf = (values['traceOf'] as string | undefined) ?? null
    return digests(listOf(values), judgingFlags(values), traceOf, globals, context)
  })
}

function addSearching(program: Command, act: Act, context: Context): void {
  const fuzz = program.command('fuzz <scenarios...>')
  fuzz.description('search fault plans until one breaks a guarantee; save it, shrink it, say what to change')
  act(declareSearchFlags(fuzz, true), async (values, globals) => {
    const { fuzz } = await import('./commands/fuzz.ts')
    return fuzz({ paths: listOf(values), flags: searchFlags(values), globals }, context)
  })

  const shrink = program.command('shrink <file>').description('make the first violation that a file shows smaller')
  act(declareSearchFlags(shrink, false), async (values, globals) => {
    const { shrinkFile } = await import('./commands/shrink.ts')
    return shrinkFile({ file: firstOf(values), flags: searchFlags(values), globals }, context)
  })

  const explain = program
    .command('explain <file>')
    .description('tell the story of the first violation that a file shows, and what would prevent it')
  act(declareFlags(explain, ['seed', 'runs', 'jobs', 'filter', 'world']), async (values, globals) => {
    const { explain } = await import('./commands/explain.ts')
    return explain({ file: firstOf(values), flags: judgingFlags(values), globals }, context)
  })
}

function addCampaigns(program: Command, act: Act, context: Context): void {
  const campaign = program.command('campaign <campaigns...>')
  campaign.description('judge scenarios in mass, and tell how hard the runs were: situations reached, mutants found')
  act(declareCampaignFlags(campaign), async (values, globals) => {
    const { campaign } = await import('./commands/campaign.ts')
    const calibrate = typeof values['calibrate'] === 'boolean' ? values['calibrate'] : null
    return campaign({ words: listOf(values), flags: judgingFlags(values), calibrate, globals }, context)
  })

  const merge = program.command('merge <results...>').description("add up the results of a campaign's shards")
  act(declareFlags(merge, ['reporters']), async (values, globals) => {
    const { merge } = await import('./commands/merge.ts')
    return merge({ files: listOf(values), flags: judgingFlags(values), globals }, context)
  })
}

function addOthers(program: Command, act: Act, context: Context): void {
  const list = program.command('list [topic] [paths...]')
  list.description('list scenarios, guarantees, anomalies, faults, moments, situations, configs or profiles')
  act(list, async (values, globals) => {
    const { list } = await import('./commands/list.ts')
    const [topic, paths] = values['args'] as readonly [string | undefined, readonly string[]]
    return list(topic, paths, globals, context)
  })

  const init = program
    .command('init [folder]')
    .description('write a first scenario and a CI workflow; overwrites nothing')
  init.option('--producer <file.properties>', "a producer's own settings")
  init.option(
    '--topic <topic:partitions:replicas:min-isr>',
    'a topic of yours, such as orders:6:3:2 (repeatable)',
    repeated,
  )
  init.option('--consumer <file.properties>', "a consumer's own settings")
  act(init, async (values, globals) => {
    const [{ init }, { parseTopic }] = await Promise.all([
      import('./commands/init.ts'),
      import('./commands/init-own.ts'),
    ])
    const [folder] = values['args'] as readonly [string | undefined]
    const { producer, topic, consumer } = values as { producer?: string; topic?: readonly string[]; consumer?: string }
    const topics = (topic ?? []).map(parseTopic)
    const own = { producer: producer ?? null, consumer: consumer ?? null, topics }
    const given = producer !== undefined || consumer !== undefined || topics.length > 0
    return init(folder ?? '.', context, given ? own : null, globals)
  })

  const schema = program.command('schema').description('print the JSON schema of scenario files')
  act(schema, async () => {
    const { schema } = await import('./commands/schema.ts')
    return schema(context)
  })
}

function repeated(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text]
}

/** The words of a command that takes a list. */
function listOf(values: Readonly<Record<string, unknown>>): readonly string[] {
  return (values['args'] as readonly [readonly string[]])[0]
}

function firstOf(values: Readonly<Record<string, unknown>>): string {
  return (values['args'] as readonly [string])[0]
}

function unknownCommand(words: readonly string[]): UsageError {
  const [first = ''] = words
  const known = [
    'run',
    'fuzz',
    'replay',
    'shrink',
    'explain',
    'campaign',
    'merge',
    'check-determinism',
    'list',
    'init',
    'schema',
    ...Object.keys(PLANNED),
  ]
  const misplaced = words.find((word) => known.includes(word))
  if (misplaced !== undefined && misplaced !== first) {
    return new UsageError(`the command ${misplaced} must come first`, `twiceshy ${misplaced} …, then flags and files`)
  }
  if (misplaced !== undefined)
    return new UsageError(`the command ${first} must come before its flags`, `twiceshy ${first} …`)
  const file = /[./\\]/.test(first)
  const near = nearest(first, known)
  const help =
    near !== null
      ? `did you mean \`${near}\`?`
      : file
        ? `twiceshy run ${first}`
        : '`twiceshy --help` shows the commands'
  return new UsageError(`there is no command ${JSON.stringify(first)}`, help)
}

function globalFlags(options: Readonly<Record<string, unknown>>): GlobalFlags {
  const quiet = options['quiet'] === true
  const verbose = options['verbose'] === true
  if (quiet && verbose) throw new UsageError('--quiet and --verbose contradict each other')
  return { quiet, verbose, color: typeof options['color'] === 'boolean' ? options['color'] : null }
}
