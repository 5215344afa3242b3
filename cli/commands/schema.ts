import type { Context } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'

/** `twiceshy schema`: the JSON schema of scenario files, for editors. */
export async function schema(context: Context): Promise<ExitCode> {
  const engine = await context.engine()
  context.console.out.write(`${JSON.stringify(engine.schema(), null, 2)}\n`)
  return EXIT.met
}
