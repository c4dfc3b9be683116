import { Hono } from 'hono'
import { requestId } from 'hono/request-id'
import { PROBLEMS, ProblemError } from '../shared/errors.ts'
import { Callers } from './callers.ts'
import type { EdgeApp, EdgeContext, EdgeDeps } from './edge-context.ts'
import { authenticate } from './middleware/authenticate.ts'
import { ModelDirectory } from './model-directory.ts'
import { asProblem, problemResponse } from './problem.ts'
import { RequestTimings } from './request-timings.ts'
import { modelRoutes } from './routes/models.ts'
import { openapiRoutes } from './routes/openapi.ts'
import { predictRoutes } from './routes/predict.ts'
import { resultRoutes } from './routes/result.ts'
import { Uploads } from './uploads.ts'
import { ServiceTimes } from './waiting/service-times.ts'

/** Where an API key is asked for. */
const KEYED_PATHS = ['/predict', '/result/*', '/models']

/** The whole HTTP API. Holds nothing of a single request; one app serves an isolate for as long as it lives. */
export function createApp(deps: EdgeDeps): EdgeApp {
  const models = new ModelDirectory(deps.queue, deps.clock, deps.defaultModel)
  const uploads = new Uploads(deps.uploads, deps.clock, deps.random)
  const callers = new Callers(deps.apiKeys, deps.clock, deps.allowAnonymous)
  const context: EdgeContext = { deps, callers, models, serviceTimes: new ServiceTimes(), uploads }
  const app: EdgeApp = new Hono()

  app.use(requestId())
  app.use(async (c, next) => {
    c.set('timings', new RequestTimings(deps.clock.now))
    await next()
  })
  app.get('/health', (c) => c.json({ status: 'ok' }))
  for (const path of KEYED_PATHS) app.use(path, authenticate(callers, deps.clock))
  predictRoutes(app, context)
  resultRoutes(app, context)
  modelRoutes(app, context)
  openapiRoutes(app, context)

  app.notFound((c) =>
    problemResponse(
      c,
      new ProblemError('route-not-found', 'Try POST /predict, GET /result/:id, /models or /health.'),
    ),
  )
  app.onError((error, c) => {
    const problem = asProblem(error)
    const hungUp = c.req.raw.signal?.aborted
    if (problem.cause instanceof Error && PROBLEMS[problem.code].status >= 500 && !hungUp) {
      const { name, message } = problem.cause
      deps.logFailure({ requestId: c.get('requestId'), code: problem.code, reason: `${name}: ${message}` })
    }
    return problemResponse(c, problem)
  })
  return app
}
