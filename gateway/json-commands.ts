import { isUtf8 } from 'node:buffer'
import { CommandError, type CommandLine } from './command.ts'

/**
 * Names and arguments in one request. Nobody else is served while they are made into commands: a body has room for five million, which take
 * seconds.
 */
export const MAX_ARGUMENTS = 250_000

const ONE = 'command'
const ARGUMENTS = 'strings, numbers or booleans'

/** The command in a body such as `["SET", "key", "value"]`. Throws CommandError. */
export function commandIn(body: Buffer): CommandLine {
  const text = textOf(body, ONE)
  const parsed = parse(text, ONE)
  if (!Array.isArray(parsed)) {
    throw misshapen(ONE, `expected a JSON array, the name and then arguments, which are ${ARGUMENTS}`)
  }
  if (parsed.length === 0) throw new CommandError('ERR empty command')
  refuseTooMany(parsed.length)
  if (!isPlain(parsed)) throw misshapen(ONE, `its arguments must be ${ARGUMENTS}`)
  return asTexts(parsed.every(survives) ? parsed : (withSources(text) as Plain[]))
}

/**
 * The commands in a body such as `[["SET", "key", "value"], ["GET", "key"]]`. `what` is being asked for, for messages. Throws
 * CommandError.
 */
export function commandsIn(body: Buffer, what: string, max: number): CommandLine[] {
  const text = textOf(body, what)
  const parsed = parse(text, what)
  if (!Array.isArray(parsed)) throw misshapen(what, 'expected a JSON array of commands, each a JSON array')
  if (parsed.length === 0) throw new CommandError(`ERR empty ${what}`)
  if (parsed.length > max) {
    throw new CommandError(
      `ERR max pipeline size exceeded. Limit: ${max} commands, Actual: ${parsed.length} commands`,
    )
  }
  const commands = parsed.map((command) => {
    if (!Array.isArray(command) || command.length === 0 || !isPlain(command)) {
      throw misshapen(
        what,
        `each command must be a JSON array, the name and then arguments, which are ${ARGUMENTS}`,
      )
    }
    return command
  })
  refuseTooMany(commands.reduce((sum, { length }) => sum + length, 0))
  const exact = commands.every((command) => command.every(survives))
  return (exact ? commands : (withSources(text) as Plain[][])).map(asTexts)
}

function refuseTooMany(count: number): void {
  if (count > MAX_ARGUMENTS)
    throw new CommandError(
      `ERR max number of arguments exceeded. Limit: ${MAX_ARGUMENTS} arguments, Actual: ${count} arguments`,
    )
}

type Plain = string | number | boolean

function isPlain(values: unknown[]): values is Plain[] {
  return values.every((value) => {
    const type = typeof value
    return type === 'string' || type === 'number' || type === 'boolean'
  })
}

/** Whether a value's text is still what the client wrote: numbers with a fraction, or beyond 2^53, may have been rounded. */
const survives = (value: Plain): boolean => typeof value !== 'number' || Number.isSafeInteger(value)

const asTexts = (values: Plain[]): CommandLine => values.map(String) as CommandLine

/** The same JSON with each number as the text it was written as. Slower by far, so only where it matters. */
function withSources(text: string): unknown {
  const keep = (_key: string, value: unknown, context?: { source: string }) =>
    typeof value === 'number' ? context?.source : value
  return JSON.parse(text, keep)
}

function textOf(body: Buffer, what: string): string {
  // Decoding would put U+FFFD in place of what is broken, and store that.
  if (!isUtf8(body)) throw misshapen(what, 'the body is not UTF-8')
  return body.toString('utf8')
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw misshapen(what, 'the body is not JSON')
  }
}

const misshapen = (what: string, why: string) => new CommandError(`ERR failed to parse ${what}: ${why}`)
