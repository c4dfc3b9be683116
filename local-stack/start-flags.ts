import { parseArgs } from 'node:util'
import type * as z from 'zod'
import { stackEnvSchema } from './env.ts'

/** What was typed behind the command does not fit. `message` says what does. */
export class StartFlagError extends Error {
  override readonly name = 'StartFlagError'
}

/** By the names of the variables that they go before. */
export type StartFlags = Partial<Record<'PORT' | 'POOLS' | 'EDGE', string>>

const OPTIONS = {
  port: { type: 'string' },
  pools: { type: 'string' },
  edge: { type: 'string' },
  // Told by the CLI, so that ways out are told as they would be typed.
  'edgebatch-start': { type: 'boolean', default: false },
} as const

/** What follows `npm start --`. Throws StartFlagError, which names the flag that is wrong. */
export function readStartFlags(argv: readonly string[]): StartFlags {
  const given = parsed(argv)
  const { PORT, POOLS, EDGE } = stackEnvSchema.shape
  return {
    ...(given.port !== undefined && { PORT: checked('port', given.port, PORT) }),
    ...(given.pools !== undefined && { POOLS: checked('pools', given.pools, POOLS) }),
    ...(given.edge !== undefined && { EDGE: checked('edge', given.edge, EDGE) }),
  }
}

function checked(flag: string, value: string, schema: z.ZodType): string {
  // As a variable, an empty one would count as not set.
  if (value === '') throw new StartFlagError(`--${flag}: needs a value`)
  const issue = schema.safeParse(value).error?.issues[0]
  if (issue) throw new StartFlagError(`--${flag}: ${issue.message}`)
  return value
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS }).values
  } catch (error) {
    // Node's further sentences are about options of programs in general.
    const [what = ''] = (error as Error).message.split(/\. |\n/)
    throw new StartFlagError(
      `${what.replace(/\.$/, '')}. npm start takes variables, as in PORT=9000 npm start, and behind -- the flags --port, --pools and --edge.`,
    )
  }
}
