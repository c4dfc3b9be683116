import { Hono } from 'hono'
import { requestId } from 'hono/request-id'
import { ProblemError } from '../shared/errors.ts'
import type { EdgeApp, EdgeContext, EdgeDeps } from './edge-context.ts'
import { limitUpload } from './limit-upload.ts'
import { ModelDirectory } from './model-directory.ts'
import { asProblem, problemResponse } from './problem.ts'
import { modelRoutes } from './routes/models.ts'
import { predictRoutes } from './routes/predict.ts'
import { resultRoutes } from './routes/result.ts'
import { UploadGate } from './upload-gate.ts'
import { ServiceTimes } from './wait-for-result.ts'

/** The whole HTTP API. Holds nothing of a single request; one app serves an isolate for as long as it lives. */
export function createApp(deps: EdgeDeps): EdgeApp {
  const models = new ModelDirectory(deps.queue, deps.clock, deps.defaultModel)
  const gate = new UploadGate(deps.uploadGate, deps.clock, deps.random)
  const context: EdgeContext = { deps, models, serviceTimes: new ServiceTimes(), gate }
  const app: EdgeApp = new Hono()

  app.use(requestId())
  app.use(limitUpload(deps.maxUploadBytes))
  app.get('/health', (c) => c.json({ status: 'ok' }))
  predictRoutes(app, context)
  resultRoutes(app, context)
  modelRoutes(app, context)

  app.notFound((c) =>
    problemResponse(
      c,
      new ProblemError('route-not-found', 'Try POST /predict, GET /result/:id, /models or /health.'),
    ),
  )
  app.onError((error, c) => {
    const problem = asProblem(error)
    if (problem.cause instanceof Error && problem.code !== 'undecodable-image') {
      const { name, message } = problem.cause
      deps.logFailure({ requestId: c.get('requestId'), code: problem.code, reason: `${name}: ${message}` })
    }
    return problemResponse(c, problem)
  })
  return app
}
