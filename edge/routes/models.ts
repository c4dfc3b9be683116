import { takenTypes } from '../decode-or-forward.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'

/** GET /models: what POST /predict takes in `?model=`. */
export function modelRoutes(app: EdgeApp, { deps, models }: EdgeContext): void {
  app.get('/models', async (c) => {
    const manifests = await models.list()
    return c.json({
      models: manifests.map(({ name, version, description, license, task, input, resize, decode }) => ({
        name,
        version,
        description: description ?? null,
        license: license ?? null,
        task,
        input: { dtype: input.dtype, shape: input.shape },
        resize,
        decode,
        image_types: takenTypes({ decode }, deps.photos),
      })),
    })
  })
  allowOnly(app, '/models', ['GET'])
}
