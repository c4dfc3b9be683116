import { Hono } from 'hono'
import { requestId } from 'hono/request-id'
import { ProblemError } from '../shared/errors.ts'
import { Callers } from './callers.ts'
import type { EdgeApp, EdgeContext, EdgeDeps } from './edge-context.ts'
import { allowedMethods } from './middleware/allowed-methods.ts'
import { authenticate } from './middleware/authenticate.ts'
import { crossOrigin } from './middleware/cross-origin.ts'
import { observeRequests } from './middleware/observe-requests.ts'
import { protectiveHeaders } from './middleware/protective-headers.ts'
import { publicOrigin } from './middleware/public-origin.ts'
import { serverTiming } from './middleware/server-timing.ts'
import { ModelDirectory } from './model-directory.ts'
import { asProblem, logOwnFailure, problemResponse } from './problem.ts'
import { consoleRoutes } from './routes/console.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { modelRoutes } from './routes/models.ts'
import { openapiRoutes } from './routes/openapi.ts'
import { predictRoutes } from './routes/predict.ts'
import { resultRoutes } from './routes/result.ts'
import { rootRoutes } from './routes/root.ts'
import { statsRoutes } from './routes/stats.ts'
import { Uploads } from './uploads.ts'
import { ServiceTimes } from './waiting/service-times.ts'

/** Where an API key is asked for. */
const KEYED_PATHS = ['/predict', '/result/*', '/models', '/stats/*', '/metrics', '/dead-letters/*']

/**
 * A caller's own `X-Request-Id` is taken up to this length, of letters, digits, `_`, `-` and `=`: it stands in logs and in jobs. In place of any
 * other, one is made.
 */
const MAX_REQUEST_ID_LENGTH = 128

/** The whole HTTP API. Holds nothing of a single request; one app serves an isolate for as long as it lives. */
export function createApp(deps: EdgeDeps): EdgeApp {
  const models = new ModelDirectory(deps.queue, deps.clock, deps.defaultModel)
  const uploads = new Uploads(deps.uploads, deps.clock, deps.random)
  const callers = new Callers(deps.apiKeys, deps.clock, deps.allowAnonymous)
  const context: EdgeContext = { deps, callers, models, serviceTimes: new ServiceTimes(), uploads }
  const app: EdgeApp = new Hono()

  const { requests } = deps
  if (requests) app.use(observeRequests(deps.clock, (request) => requests.observe(request)))
  app.use(
    requestId({ limitLength: MAX_REQUEST_ID_LENGTH }),
    protectiveHeaders(),
    publicOrigin(deps.publicOrigin),
    serverTiming(deps.clock),
    allowedMethods(app),
    crossOrigin(deps.corsOrigins),
  )
  rootRoutes(app, context)
  consoleRoutes(app, context)
  healthRoutes(app, context)
  for (const path of KEYED_PATHS) app.use(path, authenticate(callers, deps.clock))
  predictRoutes(app, context)
  resultRoutes(app, context)
  modelRoutes(app, context)
  openapiRoutes(app, context)
  statsRoutes(app, context)
  deadLetterRoutes(app, context)
  metricsRoutes(app, context)

  app.notFound((c) =>
    problemResponse(
      c,
      new ProblemError('route-not-found', 'Try POST /predict, GET /result/:id, /models or /health.'),
    ),
  )
  app.onError((error, c) => {
    const problem = asProblem(error)
    logOwnFailure(c, deps, problem)
    return problemResponse(c, problem)
  })
  return app
}
