import { EXIT_CODES } from './exit-codes.ts'

/** Something the user can put right. `message` is one line that says how; no stack is shown. */
export class UserError extends Error {
  override readonly name: string = 'UserError'
  readonly exitCode: number = EXIT_CODES.failed
}

/** The command was called in a wrong way: a flag, an argument, or a variable of the environment. Nothing was tried. */
export class UsageError extends UserError {
  override readonly name = 'UsageError'
  override readonly exitCode = EXIT_CODES.usage
}

/** Nobody answers, or who answers says to come back: the same command may do later. */
export class UnavailableError extends UserError {
  override readonly name = 'UnavailableError'
  override readonly exitCode = EXIT_CODES.unavailable
}

/** What an error says, on one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/\s+/g, ' ').trim()
}
