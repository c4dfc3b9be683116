import type { Caller } from '../shared/api-key.ts'
import { ProblemError } from '../shared/errors.ts'

/**
 * Throws ProblemError where this caller does not run the service. Where everybody is served without a key, there is nobody else who could be
 * told.
 */
export function assertMaySee(caller: Caller, allowAnonymous: boolean): void {
  if (!allowAnonymous) assertAdministrator(caller)
}

/**
 * The same, even where everybody is served without a key: what tells ids of others' jobs, or does something to them, is for nobody who just
 * comes along, nor for a web page that is open in the browser of somebody who may reach the service.
 */
export function assertAdministrator(caller: Caller): void {
  if (caller.kind === 'key' && caller.record.admin) return
  throw new ProblemError(
    'forbidden',
    'This takes an API key of an administrator: npx edgebatch keys create --admin',
  )
}
