import { ProblemError } from '../shared/errors.ts'
import type { EdgeApp } from './edge-context.ts'
import { methodsAt } from './middleware/allowed-methods.ts'

/** Answers every method at `path` that nothing else is registered for with 405 and `Allow`. To be called after the path's own handlers. */
export function allowOnly(app: EdgeApp, path: string): void {
  app.all(path, (c) => {
    const allowed = methodsAt(app, c).join(', ')
    c.header('allow', allowed)
    throw new ProblemError('method-not-allowed', `This address takes ${allowed}.`)
  })
}
