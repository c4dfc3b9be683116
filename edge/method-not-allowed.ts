import { ProblemError } from '../shared/errors.ts'
import type { EdgeApp } from './edge-context.ts'

/** Answers every other method at `path` with 405 and `Allow`. To be called after the path's own handlers. */
export function allowOnly(app: EdgeApp, path: string, methods: readonly string[]): void {
  const allowed = methods.includes('GET') ? [...methods, 'HEAD'] : methods
  app.all(path, (c) => {
    c.header('allow', allowed.join(', '))
    throw new ProblemError('method-not-allowed', `This address takes ${allowed.join(', ')}.`)
  })
}
