import type { Caller } from '../shared/api-key.ts'
import { ProblemError } from '../shared/errors.ts'

/**
 * Throws ProblemError where this caller does not run the service. Where everybody is served without a key, there is nobody else who could be
 * told.
 */
export function assertMaySee(caller: Caller, allowAnonymous: boolean): void {
  if (allowAnonymous || (caller.kind === 'key' && caller.record.admin)) return
  throw new ProblemError(
    'forbidden',
    'This takes an API key of an administrator: npx edgebatch keys create --admin',
  )
}
