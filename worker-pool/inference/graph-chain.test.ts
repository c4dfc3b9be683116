import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type GraphValue, onnxModel } from '../../test/support/onnx-graph.ts'
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
} from '../../test/support/small-models.ts'
import { loadModelPackage, type ModelPackage, ModelPackageError } from '../models/model-package.ts'
import { InferenceSession } from './inference-session.ts'
import { outputOf } from './job-output.ts'

const CPU = { providers: ['cpu'], intraOpThreads: 1, deviceId: undefined, strict: true }

const CLASSIFICATION = {
  task: 'classification',
  outputs: { probabilities: 'probabilities', indices: 'indices' },
} as const satisfies TaskFields
const EMBEDDING = { task: 'embedding', outputs: { embedding: 'embedding' } } as const satisfies TaskFields
const CHAIN = ['pre.onnx', 'model.onnx', 'post.onnx']

type Files = Record<string, Uint8Array | string>

async function packageOf(fields: TaskFields, files: Files): Promise<ModelPackage> {
  const { folder, remove } = await smallPackage(fields, files)
  onTestFinished(remove)
  return loadModelPackage(folder)
}

async function sessionOf(model: ModelPackage): Promise<InferenceSession> {
  const session = await InferenceSession.load(model, CPU)
  onTestFinished(() => session.close())
  return session
}

/** What is said of the package, with its folder cut off. */
async function refusalOf(fields: TaskFields, files: Files): Promise<string> {
  const model = await packageOf(fields, files)
  const error = await InferenceSession.load(model, CPU).then(
    (session) => session.close(),
    (error) => error,
  )
  expect(error).toBeInstanceOf(ModelPackageError)
  const folder = join(model.graphPaths[0] ?? '', '..', '/')
  return (error as ModelPackageError).message.replaceAll(folder, '')
}

/** An image of one colour. */
const plain = (...rgb: number[]) => [...rgb, ...rgb, ...rgb, ...rgb]

const graph = (inputs: GraphValue[], outputs: GraphValue[], nodes = [cast('a', 'b', 'float32')]) =>
  onnxModel({ inputs, outputs, nodes })

describe('a chain of graphs', () => {
  const files = {
    'pre.onnx': preGraph,
    'model.onnx': meanGraph,
    'post.onnx': topGraph,
    'labels.txt': 'r\ng\nb',
  }

  test('is run in order: each gets what the one before it gives', async () => {
    const model = await packageOf({ ...CLASSIFICATION, graphs: CHAIN }, files)
    const session = await sessionOf(model)
    const outputs = await session.run(Uint8Array.from([...plain(1, 2, 0), ...plain(7, 0, 9)]), 2)
    const softmaxOf2 = Math.exp(2) / (Math.exp(2) + Math.exp(1) + 1)
    expect(outputOf(model.manifest, model.labels, outputs, 0)).toMatchObject({
      predictions: [
        { label: 'g', index: 1, probability: expect.closeTo(softmaxOf2, 6) },
        { label: 'r', index: 0 },
      ],
    })
    expect(outputOf(model.manifest, model.labels, outputs, 1)).toMatchObject({
      predictions: [{ label: 'b' }, { label: 'r' }],
    })
  })

  test('may hand float16 from one graph to the next', async () => {
    const half = value('half', 'float16', 'N', 2, 2, 3)
    const pre = onnxModel({ inputs: [IMAGE], outputs: [half], nodes: [cast('image', 'half', 'float16')] })
    const post = onnxModel({
      inputs: [half],
      outputs: [value('wide', 'float32', 'N', 2, 2, 3)],
      nodes: [cast('half', 'wide', 'float32')],
    })
    const model = await packageOf(
      { task: 'tensor', outputs: { tensors: ['wide'] }, graphs: ['pre.onnx', 'post.onnx'] },
      { 'pre.onnx': pre, 'post.onnx': post },
    )
    const session = await sessionOf(model)
    const pixels = [...plain(1, 2, 3), ...plain(200, 100, 255)]
    const { wide } = await session.run(Uint8Array.from(pixels), 2)
    expect(wide).toEqual({ dtype: 'float32', dims: [2, 2, 2, 3], data: Float32Array.from(pixels) })
  })

  const refused = (change: Files, graphs = CHAIN) =>
    refusalOf({ ...CLASSIFICATION, graphs }, { ...files, ...change })

  test('of which one cannot be loaded is refused with its file', async () => {
    expect(await refused({ 'post.onnx': 'no graph' })).toMatch(/^post\.onnx: ONNX Runtime cannot load it: ./)
  })

  test.each<[string, Files, string]>([
    [
      'a type that the next does not take',
      {
        'model.onnx': graph([value('a', 'float64', 'N', 3, 2, 2)], [value('b', 'float32', 'N', 3, 2, 2)]),
      },
      'model.onnx: input "a" is float64 [N, 3, 2, 2], but pre.onnx gives "pixels", float32 [N, 3, 2, 2]',
    ],
    [
      'a rank that the next does not take',
      { 'model.onnx': topGraph },
      'model.onnx: input "scores" is float32 [N, 3], but pre.onnx gives "pixels", float32 [N, 3, 2, 2]',
    ],
    [
      'a size that the next does not take',
      { 'model.onnx': graph([value('a', 'float32', 'N', 3, 9, 2)], [value('b', 'float32', 'N', 3, 9, 2)]) },
      'model.onnx: input "a" is float32 [N, 3, 9, 2], but pre.onnx gives "pixels", float32 [N, 3, 2, 2]',
    ],
    [
      'to one with a fixed batch size',
      { 'model.onnx': graph([value('a', 'float32', 1, 3, 2, 2)], [value('b', 'float32', 1, 3, 2, 2)]) },
      'model.onnx: input "a" has a fixed batch size of 1, must be dynamic',
    ],
    [
      'to one with two inputs',
      {
        'model.onnx': onnxModel({
          inputs: [value('a', 'float32', 'N', 3, 2, 2), value('b', 'float32', 'N', 3, 2, 2)],
          outputs: [value('c', 'float32', 'N', 3, 2, 2)],
          nodes: [{ op: 'Add', inputs: ['a', 'b'], outputs: ['c'] }],
        }),
      },
      'model.onnx: must have one input, a tensor, for what pre.onnx gives (it has: a, b)',
    ],
    [
      'two outputs',
      { 'model.onnx': topGraph, 'pre.onnx': twoOutputs() },
      'model.onnx: takes what pre.onnx gives, which must be one tensor (it gives: x, y)',
    ],
  ])('that gives %s is refused, with the file and both sides', async (_, change, message) => {
    expect(await refused(change)).toBe(message)
  })

  test('whose first graph takes no images is refused', async () => {
    expect(await refused({}, ['model.onnx', 'post.onnx'])).toBe(
      'model.onnx: has no input "image" (it has: planes)',
    )
  })

  test('whose last graph lacks the task’s outputs is refused', async () => {
    expect(await refused({}, ['pre.onnx', 'model.onnx'])).toBe(
      'model.onnx: has no output "probabilities" (it has: logits)',
    )
  })
})

function twoOutputs(): Uint8Array {
  return onnxModel({
    inputs: [IMAGE],
    outputs: [value('x', 'float32', 'N', 2, 2, 3), value('y', 'float32', 'N', 2, 2, 3)],
    nodes: [cast('image', 'x', 'float32'), cast('image', 'y', 'float32')],
  })
}

describe('the first graph', () => {
  const taking = (input: GraphValue) =>
    graph(
      [input],
      [value('embedding', 'float32', ...input.shape)],
      [cast(input.name, 'embedding', 'float32')],
    )

  test.each<[string, GraphValue, string]>([
    [
      'floats',
      value('image', 'float32', 'N', 2, 2, 3),
      'model.onnx: input "image" is float32, the manifest says uint8',
    ],
    [
      'planes',
      value('image', 'uint8', 'N', 3, 2, 2),
      'model.onnx: input "image" is [N, 3, 2, 2], the manifest says [N, 2, 2, 3]',
    ],
    [
      'one image',
      value('image', 'uint8', 1, 2, 2, 3),
      'model.onnx: input "image" has a fixed batch size of 1, must be dynamic',
    ],
  ])('that takes %s is refused', async (_, input, message) => {
    expect(await refusalOf(EMBEDDING, { 'model.onnx': taking(input) })).toBe(message)
  })

  test('may leave sizes open', async () => {
    const open = onnxModel({
      inputs: [value('image', 'uint8', 'N', '', 'w', 3)],
      outputs: [value('embedding', 'float32', 'N', 3)],
      nodes: [
        cast('image', 'floats', 'float32'),
        {
          op: 'ReduceMean',
          inputs: ['floats'],
          outputs: ['embedding'],
          attributes: { axes: [1, 2], keepdims: 0 },
        },
      ],
    })
    const session = await sessionOf(await packageOf(EMBEDDING, { 'model.onnx': open }))
    const { embedding } = await session.run(Uint8Array.from(plain(1, 2, 3)), 1)
    expect(embedding).toEqual({ dtype: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) })
  })
})

describe('an embedding', () => {
  test('is [N, d] float32', async () => {
    const session = await sessionOf(await packageOf(EMBEDDING, { 'model.onnx': embeddingGraph }))
    const images = Uint8Array.from([...plain(1, 2, 3), ...plain(255, 0, 4)])
    expect(await session.run(images, 2)).toEqual({
      embedding: { dtype: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, 255, 0, 4) },
    })
  })

  test.each<[string, Uint8Array, string]>([
    [
      'of another type',
      graph([IMAGE], [value('embedding', 'float64', 'N', 2, 2, 3)], [cast('image', 'embedding', 'float64')]),
      'model.onnx: output "embedding" is float64, must be float32',
    ],
    [
      'of another rank',
      graph([IMAGE], [value('embedding', 'float32', 'N', 2, 2, 3)], [cast('image', 'embedding', 'float32')]),
      'model.onnx: output "embedding" is [N, 2, 2, 3], must be [N, d]',
    ],
  ])('%s is refused', async (_, graph, message) => {
    expect(await refusalOf(EMBEDDING, { 'model.onnx': graph })).toBe(message)
  })
})

describe('tensors', () => {
  const nodes = [
    cast('image', 'half', 'float16'),
    cast('image', 'count', 'int32'),
    cast('image', 'double', 'float64'),
    cast('image', 'mask', 'bool'),
  ]
  const shape = ['N', 2, 2, 3]
  const all = graph(
    [IMAGE],
    [
      value('half', 'float16', ...shape),
      value('count', 'int32', ...shape),
      value('double', 'float64', ...shape),
      value('mask', 'bool', ...shape),
    ],
    nodes,
  )
  const taking = (...tensors: string[]): TaskFields => ({ task: 'tensor', outputs: { tensors } })

  test('are those that the manifest names, each of its own type', async () => {
    const model = await packageOf(taking('mask', 'half', 'double'), { 'model.onnx': all })
    const session = await sessionOf(model)
    const outputs = await session.run(Uint8Array.from(plain(0, 1, 2)), 1)
    expect(Object.entries(outputs).map(([name, { dtype }]) => [name, dtype])).toEqual([
      ['mask', 'bool'],
      ['half', 'float16'],
      ['double', 'float64'],
    ])
    const output = outputOf(model.manifest, [], outputs, 0)
    if (output?.kind !== 'tensors') throw new Error('no tensors')
    const first = (name: string, bytes: number) =>
      Buffer.from(output.tensors[name]?.data ?? '', 'base64').subarray(0, 3 * bytes)
    expect(first('mask', 1)).toEqual(Buffer.of(0, 1, 1))
    expect(first('half', 2)).toEqual(Buffer.from(Uint16Array.of(0, 0x3c00, 0x4000).buffer))
    expect(first('double', 8)).toEqual(Buffer.from(Float64Array.of(0, 1, 2).buffer))
  })

  test.each<[string, TaskFields, Uint8Array, string | RegExp]>([
    [
      'that the graph does not have',
      taking('half', 'scores'),
      all,
      'model.onnx: has no output "scores" (it has: half, count, double, mask)',
    ],
    [
      'of text',
      taking('text'),
      graph(
        [IMAGE],
        [value('text', 'string', ...shape)],
        [{ op: 'Cast', inputs: ['image'], outputs: ['text'], attributes: { to: 8 } }],
      ),
      /^model\.onnx: output "text" is string, must be one of float16, float32, /,
    ],
    [
      'that do not grow with the batch',
      taking('flat'),
      onnxModel({
        inputs: [IMAGE],
        outputs: [value('flat', 'float32', 1, 'm')],
        nodes: [
          cast('image', 'floats', 'float32'),
          { op: 'Reshape', inputs: ['floats', 'shape'], outputs: ['flat'] },
        ],
        initializers: [{ name: 'shape', dims: [2], data: BigInt64Array.of(1n, -1n) }],
      }),
      'model.onnx: output "flat" has a fixed batch size of 1, must be dynamic',
    ],
  ])('%s are refused', async (_, fields, graph, message) => {
    expect(await refusalOf(fields, { 'model.onnx': graph })).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    )
  })
})
