import { describe, expect, onTestFinished, test } from 'vitest'
import { onnxModel } from '../../test/support/onnx-graph.ts'
import {
  cast,
  embeddingGraph,
  IMAGE,
  smallPackage,
  type TaskFields,
  value,
} from '../../test/support/small-models.ts'
import { loadModelPackage, ModelPackageError } from '../models/model-package.ts'
import { InferenceSession } from './inference-session.ts'
import { MAX_OUTPUT_BYTES } from './job-output.ts'
import { warmUp } from './warm-up.ts'

const CPU = { providers: ['cpu'], intraOpThreads: 1, deviceId: undefined, strict: true }
const EMBEDDING: TaskFields = { task: 'embedding', outputs: { embedding: 'embedding' } }

async function warm(
  fields: TaskFields,
  graph: Uint8Array,
  { labels = '', sizes = [1, 2] } = {},
): Promise<void> {
  const { folder, remove } = await smallPackage(fields, { 'model.onnx': graph, 'labels.txt': labels })
  onTestFinished(remove)
  const model = await loadModelPackage(folder)
  const session = await InferenceSession.load(model, CPU)
  onTestFinished(() => session.close())
  await warmUp(session, model.labels, sizes)
}

async function refusalOf(...given: Parameters<typeof warm>): Promise<string> {
  const error = await warm(...given).catch((error) => error)
  expect(error).toBeInstanceOf(ModelPackageError)
  return (error as ModelPackageError).message
}

/** Tells `n` classes apart, all as probable. */
function evenClasses(n: number): Uint8Array {
  return onnxModel({
    inputs: [IMAGE],
    outputs: [value('probabilities', 'float32', 'N', 'k'), value('indices', 'int64', 'N', 'k')],
    nodes: [
      cast('image', 'floats', 'float32'),
      {
        op: 'ReduceMean',
        inputs: ['floats'],
        outputs: ['mean'],
        attributes: { axes: [1, 2, 3], keepdims: 0 },
      },
      { op: 'Unsqueeze', inputs: ['mean', 'axis'], outputs: ['column'] },
      { op: 'Tile', inputs: ['column', 'repeats'], outputs: ['scores'] },
      { op: 'Softmax', inputs: ['scores'], outputs: ['softmax'], attributes: { axis: 1 } },
      {
        op: 'TopK',
        inputs: ['softmax', 'k'],
        outputs: ['probabilities', 'indices'],
        attributes: { axis: 1 },
      },
    ],
    initializers: [
      { name: 'axis', dims: [1], data: BigInt64Array.of(1n) },
      { name: 'repeats', dims: [2], data: BigInt64Array.of(1n, BigInt(n)) },
      { name: 'k', dims: [1], data: BigInt64Array.of(BigInt(n)) },
    ],
  })
}

/** Gives each image its pixels `times` times. */
function repeated(times: number): Uint8Array {
  return onnxModel({
    inputs: [IMAGE],
    outputs: [value('pixels', 'uint8', 'N', 2, 2, 'c')],
    nodes: [{ op: 'Tile', inputs: ['image', 'repeats'], outputs: ['pixels'] }],
    initializers: [{ name: 'repeats', dims: [4], data: BigInt64Array.of(1n, 1n, 1n, BigInt(times)) }],
  })
}

describe('warming up', () => {
  test('an embedding model', async () => {
    await expect(warm(EMBEDDING, embeddingGraph)).resolves.toBeUndefined()
  })

  test('refuses an embedding that is not finite', async () => {
    const graph = onnxModel({
      inputs: [IMAGE],
      outputs: [value('embedding', 'float32', 'N', 3)],
      nodes: [
        cast('image', 'floats', 'float32'),
        {
          op: 'ReduceMean',
          inputs: ['floats'],
          outputs: ['mean'],
          attributes: { axes: [1, 2], keepdims: 0 },
        },
        { op: 'Div', inputs: ['mean', 'zero'], outputs: ['embedding'] },
      ],
      initializers: [{ name: 'zero', dims: [1], data: Float32Array.of(0) }],
    })
    expect(await refusalOf(EMBEDDING, graph)).toBe(
      'small: the embedding of a grey image holds NaN or Infinity',
    )
  })

  test('refuses a graph that mixes up its batch', async () => {
    const graph = onnxModel({
      inputs: [IMAGE],
      outputs: [value('rows', 'float32', 'M', 3)],
      nodes: [
        cast('image', 'floats', 'float32'),
        { op: 'Reshape', inputs: ['floats', 'shape'], outputs: ['rows'] },
      ],
      initializers: [{ name: 'shape', dims: [2], data: BigInt64Array.of(-1n, 3n) }],
    })
    expect(await refusalOf({ task: 'tensor', outputs: { tensors: ['rows'] } }, graph)).toBe(
      'small: the model fails on a batch of 1 grey images: output "rows" is [4, 3], must be [1, ...]',
    )
  })

  test('refuses outputs that are too much for a result, with both figures', async () => {
    const fields: TaskFields = { task: 'tensor', outputs: { tensors: ['pixels'] } }
    // Room for the JSON around the elements.
    const fits = Math.floor(((MAX_OUTPUT_BYTES - 200) / 4) * 3) / 12
    await expect(warm(fields, repeated(Math.floor(fits)))).resolves.toBeUndefined()
    const message = await refusalOf(fields, repeated(MAX_OUTPUT_BYTES / 16 + 1))
    expect(message).toContain(
      `the outputs for one image take ${MAX_OUTPUT_BYTES + 16} bytes in a result, the limit is ${MAX_OUTPUT_BYTES}`,
    )
  })

  test('refuses more labels in a result than it may hold', async () => {
    const fields: TaskFields = {
      task: 'classification',
      outputs: { probabilities: 'probabilities', indices: 'indices' },
    }
    const labels = `${'x'.repeat(3_000)}\n`.repeat(400)
    await expect(warm(fields, evenClasses(300), { labels })).resolves.toBeUndefined()
    expect(await refusalOf(fields, evenClasses(400), { labels })).toMatch(/the limit is 1048576/)
  })
})
