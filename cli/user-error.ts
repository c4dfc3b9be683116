/** Something the user can put right. `message` is one line that says how; no stack is shown. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** What an error says, on one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/\s+/g, ' ').trim()
}
