import { ProblemError } from '../../shared/errors.ts'
import { newJobId } from '../../shared/job-id.ts'
import type { JobInput } from '../../shared/job-input.ts'
import type { NewJob } from '../../shared/job-queue.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { toBase64 } from '../base64.ts'
import { type PreparedInput, prepareInput } from '../decode-or-forward.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { parseEncodingFormat } from '../encoding-format.ts'
import { answerWithJob } from '../job-answer.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { photoInBody } from '../photo-in-body.ts'
import { parsePrefer, preferenceApplied } from '../prefer-header.ts'
import { traceparentToPassOn } from '../traceparent.ts'
import { waitForResult } from '../wait-for-result.ts'

/** POST /predict: a photo in, labels out, or a job id if the caller will not wait that long. */
export function predictRoutes(app: EdgeApp, { deps, models, serviceTimes, uploads }: EdgeContext): void {
  app.post('/predict', async (c) => {
    // Whatever is wrong with a request is said when its body has arrived: a client that is still sending misses the answer.
    const {
      encoding,
      backlog,
      job: accepted,
    } = await uploads.withBody(c.req.raw, async (body) => {
      const encoding = parseEncodingFormat(c.req.query('encoding_format'))
      const model = await models.choose({ model: c.req.query('model'), version: c.req.query('version') })
      const photo = photoInBody(body, c.req.raw.headers.get('content-type'))
      const input = await prepareInput(photo, model, deps.photos)
      const accepted = await uploads.sending(input.bytes.length, () =>
        enqueue(model, input, {
          requestId: c.get('requestId'),
          traceparent: traceparentToPassOn(c.req.header('traceparent')),
        }),
      )
      return { encoding, ...accepted }
    })

    const preference = parsePrefer(c.req.header('prefer'))
    const applied = preferenceApplied(preference)
    if (applied) c.header('preference-applied', applied)
    const waitSeconds = preference.respondAsync ? 0 : (preference.waitSeconds ?? deps.defaultWaitSeconds)
    const job = await waitForResult({
      accepted,
      read: () => deps.queue.read(accepted.id),
      waitMs: waitSeconds * 1000,
      expectedMs: serviceTimes.expectedMs(accepted.model),
      clock: deps.clock,
      random: deps.random,
      signal: c.req.raw.signal,
      stopping: deps.stopping,
    })
    if (!job)
      throw new ProblemError('job-not-found', 'The job was accepted and has vanished from the queue since.')
    serviceTimes.observe(job)
    return answerWithJob(c, job, encoding, backlog)
  })
  allowOnly(app, '/predict')

  async function enqueue(
    model: ModelManifest,
    prepared: PreparedInput,
    request: Pick<NewJob, 'requestId' | 'traceparent'>,
  ) {
    const result = await deps.queue.enqueue({
      id: newJobId(model.name),
      model: model.name,
      modelVersion: model.version,
      input: jobInput(prepared, model),
      payload: toBase64(prepared.bytes),
      ...request,
    })
    if (result.outcome !== 'full') return result
    const { backlog } = result
    throw new ProblemError(
      'queue-full',
      `${backlog} jobs are waiting or running. Nothing was stored; try again.`,
    )
  }
}

/** Both kinds go in base64, since Upstash's client carries text only. */
function jobInput(prepared: PreparedInput, { input }: ModelManifest): JobInput {
  return prepared.kind === 'tensor'
    ? { kind: 'tensor', dtype: input.dtype, shape: input.shape, encoding: 'base64' }
    : { kind: 'image', type: prepared.type, encoding: 'base64' }
}
