import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { makeFolder, writePackage } from '../support/package-folders.ts'
import { example } from '../support/photos.ts'
import { embeddingGraph } from '../support/small-models.ts'
import { type TestStack, testStack } from '../support/stack.ts'

const PHOTO = example('cat.jpg')
const files = { 'model.onnx': embeddingGraph }

interface Version {
  version: string
  live: boolean
  default: boolean
  pools: { count: number; ids: string[] }
}
interface Model extends Omit<Version, 'default'> {
  name: string
  default: boolean
  default_version: string | null
  versions: Version[]
}

let repository: string
let stack: TestStack
beforeAll(async () => {
  repository = await makeFolder()
  await writePackage(repository, 'small@9', { files })
  await writePackage(repository, 'small@10', {
    files,
    manifest: { description: 'trained for longer', serving: { max_batch_size: 4 } },
  })
  await writePackage(repository, 'other@1', { files })
  const poolEnv = { MODEL_DIR: '', MODEL_REPOSITORY: repository, MODEL_SCAN_SECONDS: '1' }
  stack = await testStack({ pools: 2, poolEnv, edgeBindings: { DEFAULT_MODEL: 'small' } })
})
afterAll(async () => {
  await stack?.close()
  await rm(repository, { recursive: true })
})

const listed = async () => ((await (await stack.get('/models')).json()) as { models: Model[] }).models

async function servedBy(query: string): Promise<string> {
  const response = await stack.predict(PHOTO, { query })
  const { status, model, model_version } = (await response.json()) as PublicJob
  return `${status} by ${model}@${model_version}`
}

describe('two versions of a model and another model, in two pools', () => {
  test('are listed, each version with what it takes and who serves it', async () => {
    const served = { live: true, pools: { count: 2, ids: [expect.any(String), expect.any(String)] } }
    const input = { dtype: 'uint8', shape: [2, 2, 3] }
    expect(await listed()).toMatchObject([
      {
        name: 'other',
        default: false,
        version: '1',
        default_version: '1',
        ...served,
        versions: [{ version: '1' }],
      },
      {
        name: 'small',
        default: true,
        default_version: '10',
        // What was there before there were versions: the fields of the default.
        ...{ version: '10', description: 'trained for longer', license: null, task: 'embedding', input },
        versions: [
          {
            ...{ version: '10', default: true, task: 'embedding', input, ...served },
            ...{ resize: { mode: 'stretch', size: 2 }, serving: { max_batch_size: 4, instances: 1 } },
            image_types: expect.arrayContaining(['jpeg', 'png', 'webp', 'gif']),
          },
          { version: '9', default: false, description: null, ...served },
        ],
      },
    ])
  })

  test.each([
    ['the default', '', 'small@10'],
    ['the highest version of a model', '?model=small', 'small@10'],
    ['a version that is named with the model', '?model=small@9', 'small@9'],
    ['a version that is named beside it', '?model=small&version=9', 'small@9'],
    ['a version of the default', '?version=9', 'small@9'],
    ['another model', '?model=other', 'other@1'],
  ])('serve %s', async (_, query, expected) => {
    expect(await servedBy(query)).toBe(`succeeded by ${expected}`)
  })

  test.each([
    [
      'a version that is not there',
      '?model=small@11',
      404,
      'model-not-found',
      'small has no version "11". The versions of small are: 10, 9.',
    ],
    ['a model that is not there', '?model=none', 404, 'model-not-found', /no model "none"/],
    ['two versions at once', '?model=small@9&version=10', 400, 'invalid-request', /leave one out/],
  ])('refuse %s', async (_, query, status, code, detail) => {
    const response = await stack.predict(PHOTO, { query })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code, detail: expect.stringMatching(detail) })
  })
})

test('a version that comes, and pools that go, are seen without a deploy; what nobody serves is still taken', async () => {
  await writePackage(repository, 'small@11', { files })
  const small = async () => (await listed()).find(({ name }) => name === 'small') as Model
  while ((await small()).default_version !== '11');
  expect(await servedBy('?model=small')).toBe('succeeded by small@11')

  for (const pool of stack.pools) await pool.stop()
  while ((await small()).live);
  expect(await small()).toMatchObject({ version: '11', pools: { count: 0, ids: [] } })
  const response = await stack.predict(PHOTO, { headers: { prefer: 'respond-async' } })
  expect(response.status).toBe(202)
  expect(await response.json()).toMatchObject({ status: 'queued', model_version: '11' })
})
