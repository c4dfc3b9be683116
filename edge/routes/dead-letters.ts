import type { Context } from 'hono'
import type { DeadLetterPlace, ReadDeadLetter, RetriedLetter } from '../../shared/dead-letters.ts'
import { ProblemError } from '../../shared/errors.ts'
import { modelNameSchema } from '../../shared/model-manifest.ts'
import {
  type PublicDeadLetters,
  type PublicRetry,
  parsePublicPlace,
  publicDetails,
  publicLetter,
  publicPlace,
} from '../../shared/public-dead-letter.ts'
import { assertAdministrator } from '../administrators.ts'
import type { EdgeApp, EdgeContext, EdgeEnvironment } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'

/** Letters of one answer, where ?limit= does not say, and at most. */
export const DEFAULT_LETTERS = 50
export const MAX_LETTERS = 200

/** GET /dead-letters, GET and DELETE /dead-letters/:id, POST /dead-letters/:id/retry: jobs that have lost their last attempt. For who runs the service, always by key. */
export function deadLetterRoutes(app: EdgeApp, context: EdgeContext): void {
  const { deadLetters } = context.deps
  app.use('/dead-letters/*', async (c, next) => {
    assertAdministrator(c.get('caller'))
    c.header('cache-control', 'no-store')
    await next()
  })

  app.get('/dead-letters', async (c) => {
    const range = { limit: parseLimit(c.req.query('limit')), after: parseAfter(c.req.query('after')) }
    const page = await deadLetters.page(await modelsAsked(c, context), range)
    const answer: PublicDeadLetters = {
      dead_letters: page.letters.map(publicLetter),
      next: page.next ? publicPlace(page.next) : null,
    }
    return c.json(answer)
  })
  app.get('/dead-letters/:id', async (c) => c.json(publicDetails(await letterFor(c, context))))
  app.delete('/dead-letters/:id', async (c) => {
    if (!(await deadLetters.drop(await letterFor(c, context)))) throw noSuchLetter()
    return c.body(null, 204)
  })
  app.post('/dead-letters/:id/retry', async (c) => {
    const letter = await letterFor(c, context)
    const retried = await deadLetters.retry(letter)
    if (retried.outcome !== 'retried') throw notRetried(retried.outcome)
    const answer: PublicRetry = {
      ...{ id: retried.id, retry_of: letter.id, served: await isServed(letter, context) },
      urls: { get: `${c.get('origin')}/result/${retried.id}` },
    }
    return c.json(answer)
  })
  allowOnly(app, '/dead-letters')
  allowOnly(app, '/dead-letters/:id')
  allowOnly(app, '/dead-letters/:id/retry')
}

/** The one of ?model=, which may be withdrawn by now; else all that are known. */
async function modelsAsked(c: Context<EdgeEnvironment>, { models }: EdgeContext): Promise<string[]> {
  const name = c.req.query('model')
  if (name === undefined) return (await models.list()).map((model) => model.name)
  if (modelNameSchema.safeParse(name).success) return [name]
  throw new ProblemError('invalid-request', '?model= takes the name of a model, without a version.')
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LETTERS
  if (/^[1-9]\d{0,8}$/.test(text)) return Math.min(Number(text), MAX_LETTERS)
  throw new ProblemError('invalid-request', '?limit= takes a whole number from 1 on.')
}

function parseAfter(text: string | undefined): DeadLetterPlace | undefined {
  const place = text === undefined ? undefined : parsePublicPlace(text)
  if (text === undefined || place) return place
  throw new ProblemError('invalid-request', '?after= takes what `next` of an answer was.')
}

/** Throws ProblemError if there is none, or no more. */
async function letterFor(
  c: Context<EdgeEnvironment, '/dead-letters/:id'>,
  { deps }: EdgeContext,
): Promise<ReadDeadLetter> {
  const letter = await deps.deadLetters.read(c.req.param('id'))
  if (!letter) throw noSuchLetter()
  return letter
}

/** The job is made by then: where this cannot be told, the answer must not be a failure. */
async function isServed({ model, modelVersion }: ReadDeadLetter, { models }: EdgeContext): Promise<boolean> {
  const known = await models.list().catch(() => [])
  const versions = known.find(({ name }) => name === model)?.versions ?? []
  return versions.some(({ manifest, pools }) => manifest.version === modelVersion && pools.length > 0)
}

function noSuchLetter(): ProblemError {
  return new ProblemError(
    'dead-letter-not-found',
    'The id is wrong, or it was retried, dropped or forgotten.',
  )
}

function notRetried(outcome: Exclude<RetriedLetter['outcome'], 'retried'>): ProblemError {
  switch (outcome) {
    case 'gone':
      return noSuchLetter()
    case 'input-expired':
      return new ProblemError('input-expired', 'Only its caller can send it anew; drop the letter.')
    case 'unreadable':
      return new ProblemError('dead-letter-unreadable', 'Look at the letter, and drop it.')
  }
}
