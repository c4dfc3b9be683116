import type { KnownModel } from '../../shared/announcement.ts'
import { mayUseModel } from '../../shared/api-key.ts'
import type { PublicModel, PublicModels, PublicVersion } from '../../shared/public-models.ts'
import { type PhotoIntake, takenTypes } from '../decode-or-forward.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'
import type { ListedModel } from '../model-directory.ts'

/** GET /models: what POST /predict takes of this caller in `?model=` and `?version=`. */
export function modelRoutes(app: EdgeApp, { deps, models }: EdgeContext): void {
  app.get('/models', async (c) => {
    // It is one caller's, and changes with the pools.
    c.header('cache-control', 'no-store')
    const mayUse = (name: string) => mayUseModel(c.get('caller'), name)
    const usable = (await models.list()).filter(({ name }) => mayUse(name))
    const unnamed = models.unnamed(usable, mayUse)
    const answer: PublicModels = {
      models: usable.map((model) => ({
        ...publicModel(model, deps.photos),
        default: model === unnamed,
      })),
    }
    return c.json(answer)
  })
  allowOnly(app, '/models')
}

function publicModel(
  { name, versions, default: chosen }: ListedModel,
  photos: PhotoIntake,
): Omit<PublicModel, 'default'> {
  const shown = chosen ?? (versions[0] as KnownModel)
  return {
    name,
    ...publicVersion(shown, photos),
    default_version: chosen?.manifest.version ?? null,
    versions: versions.map((known) => ({ ...publicVersion(known, photos), default: known === chosen })),
  }
}

function publicVersion({ manifest, pools }: KnownModel, photos: PhotoIntake): PublicVersion {
  const { version, description, license, task, input, resize, decode, serving } = manifest
  return {
    version,
    description: description ?? null,
    license: license ?? null,
    task,
    input: { dtype: input.dtype, shape: input.shape },
    resize,
    decode,
    image_types: takenTypes({ decode }, photos),
    serving,
    live: pools.length > 0,
    pools: { count: pools.length, ids: pools },
  }
}
