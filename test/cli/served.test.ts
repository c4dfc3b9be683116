import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { resnet50 } from '../support/resnet50.ts'
import { type TestStack, testStack } from '../support/stack.ts'

let folder: string
let repository: string
let stack: TestStack

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-served-'))
  repository = join(folder, 'models')
  await mkdir(repository)
  await writeFile(join(folder, 'resnet50.onnx'), resnet50())
  const poolEnv = { MODEL_DIR: '', MODEL_REPOSITORY: repository, MODEL_SCAN_SECONDS: '1' }
  await add('first')
  stack = await testStack({ poolEnv, edgeBindings: { DEFAULT_MODEL: 'first' } })
})
afterAll(async () => {
  await stack?.close()
  await rm(folder, { recursive: true })
})

async function add(name: string): Promise<void> {
  const file = join(folder, 'resnet50.onnx')
  const args = ['model', 'add', file, '--name', name, '--preset', 'imagenet', '--repository', repository]
  await promisify(execFile)(process.execPath, ['cli/main.ts', ...args])
}

test('one command takes ResNet-50 from an ONNX file to answers of a pool that runs', async () => {
  await add('resnet50')
  for (;;) {
    const { models } = (await (await stack.get('/models')).json()) as { models: { name: string }[] }
    if (models.some(({ name }) => name === 'resnet50')) break
  }
  const response = await stack.predict(example('cat.jpg'), { query: '?model=resnet50' })
  const job = (await response.json()) as PublicJob
  expect(job).toMatchObject({ status: 'succeeded', model: 'resnet50', model_version: '1' })
  const answer = JSON.stringify(job)
  expect(answer.match(/"probability"/g)).toHaveLength(5)
})
