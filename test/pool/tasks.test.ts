import { execFile } from 'node:child_process'
import { expect, inject, onTestFinished, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { newJobId } from '../../shared/job-id.ts'
import type { NewJob } from '../../shared/job-queue.ts'
import { onnxModel } from '../support/onnx-graph.ts'
import { PoolQueue, poolEnv } from '../support/pool-queue.ts'
import {
  cast,
  embeddingGraph,
  IMAGE,
  meanGraph,
  preGraph,
  smallPackage,
  type TaskFields,
  topGraph,
  value,
} from '../support/small-models.ts'

const EMBEDDING: TaskFields = { task: 'embedding', outputs: { embedding: 'embedding' } }

async function modelDir(fields: TaskFields, files: Record<string, Uint8Array | string>): Promise<string> {
  const { folder, remove } = await smallPackage(fields, files)
  onTestFinished(remove)
  return folder
}

/** A job of the small model, an image of one colour. */
function plainJob(...rgb: number[]): NewJob {
  return {
    id: newJobId('small'),
    model: 'small',
    modelVersion: '1',
    input: { kind: 'tensor', dtype: 'uint8', shape: [2, 2, 3], encoding: 'base64' },
    payload: Buffer.of(...rgb, ...rgb, ...rgb, ...rgb).toString('base64'),
    requestId: 'test',
  }
}

const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer).toString('base64')

test('a pool gives each image its own embedding', async () => {
  const queue = await PoolQueue.open()
  const { settled } = await queue.enqueue([plainJob(1, 2, 3), plainJob(255, 0, 128)])
  await queue.startPool({ MODEL_DIR: await modelDir(EMBEDDING, { 'model.onnx': embeddingGraph }) })
  const of = (data: string) => ({
    status: 'succeeded',
    batch_size: 2,
    embedding: { dtype: 'float32', shape: [3], data },
  })
  expect(await settled).toMatchObject([of(floats(1, 2, 3)), of(floats(255, 0, 128))])
})

test('a pool serves a chain of graphs', async () => {
  const queue = await PoolQueue.open()
  const { settled } = await queue.enqueue([plainJob(0, 9, 4)])
  const MODEL_DIR = await modelDir(
    {
      task: 'classification',
      outputs: { probabilities: 'probabilities', indices: 'indices' },
      graphs: ['pre.onnx', 'mean.onnx', 'top.onnx'],
    },
    { 'pre.onnx': preGraph, 'mean.onnx': meanGraph, 'top.onnx': topGraph, 'labels.txt': 'r\ng\nb\n' },
  )
  await queue.startPool({ MODEL_DIR })
  expect(await settled).toMatchObject([{ predictions: [{ label: 'g' }, { label: 'b' }] }])
})

test('an image whose embedding is not finite fails alone', async () => {
  const inverse = onnxModel({
    inputs: [IMAGE],
    outputs: [value('embedding', 'float32', 'N', 3)],
    nodes: [
      cast('image', 'floats', 'float32'),
      { op: 'ReduceMean', inputs: ['floats'], outputs: ['mean'], attributes: { axes: [1, 2], keepdims: 0 } },
      { op: 'Reciprocal', inputs: ['mean'], outputs: ['embedding'] },
    ],
  })
  const queue = await PoolQueue.open()
  const { settled } = await queue.enqueue([plainJob(1, 2, 4), plainJob(1, 0, 1), plainJob(8, 4, 2)])
  await queue.startPool({ MODEL_DIR: await modelDir(EMBEDDING, { 'model.onnx': inverse }) })
  expect(await settled).toMatchObject([
    { embedding: { data: floats(1, 0.5, 0.25) } },
    { status: 'failed', error: 'inference-failed' },
    { embedding: { data: floats(0.125, 0.25, 0.5) } },
  ])
})

test('a pool whose chain does not fit ends with exit 78 and one line', async () => {
  const MODEL_DIR = await modelDir(
    { ...EMBEDDING, graphs: ['pre.onnx', 'top.onnx'] },
    { 'pre.onnx': preGraph, 'top.onnx': topGraph },
  )
  const env = { ...poolEnv(inject('redisUrl'), `test:${crypto.randomUUID()}:`), MODEL_DIR }
  const ended = await new Promise((resolve) => {
    execFile(process.execPath, ['worker-pool/main.ts'], { cwd: PROJECT_ROOT, env }, (error, _, stderr) =>
      resolve({ code: error?.code, stderr }),
    )
  })
  expect(ended).toEqual({
    code: 78,
    stderr: `worker-pool: ${MODEL_DIR}/top.onnx: input "scores" is float32 [N, 3], but ${MODEL_DIR}/pre.onnx gives "pixels", float32 [N, 3, 2, 2]\n`,
  })
})
