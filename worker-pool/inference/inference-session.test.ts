import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ClassificationManifest } from '../../shared/model-manifest.ts'
import { loadModelPackage, type ModelPackage, ModelPackageError } from '../models/model-package.ts'
import { InferenceSession } from './inference-session.ts'
import { outputOf } from './job-output.ts'
import { warmUp } from './warm-up.ts'

const CPU = { providers: ['cpu'], intraOpThreads: 1, deviceId: undefined, strict: true }

let model: ModelPackage
let session: InferenceSession
let classification: ClassificationManifest

beforeAll(async () => {
  model = await loadModelPackage('models/efficientnet-lite0/1')
  session = await InferenceSession.load(model, CPU)
  if (model.manifest.task === 'classification') classification = model.manifest
})

afterAll(() => session.close())

const graphPath = ({ graphPaths } = model) => graphPaths[0] ?? ''

async function refusalOf(changed: ModelPackage, options = CPU): Promise<string> {
  const error = await InferenceSession.load(changed, options).then(
    (loaded) => loaded.close(),
    (error) => error,
  )
  expect(error).toBeInstanceOf(ModelPackageError)
  return (error as ModelPackageError).message
}

describe('a session', () => {
  test('of the real model gives five classes an image, best first, and probabilities', async () => {
    const outputs = await session.run(new Uint8Array(2 * 224 * 224 * 3).fill(128), 2)
    expect(Object.keys(outputs)).toEqual(['probabilities', 'indices'])
    expect(outputs.indices).toMatchObject({ dtype: 'int64', dims: [2, 5] })
    const output = outputOf(model.manifest, model.labels, outputs, 1)
    const predictions = output?.kind === 'predictions' ? output.predictions : []
    const probabilities = predictions.map(({ probability }) => probability)
    expect(probabilities).toHaveLength(5)
    expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a))
  })

  test('refuses images that are not n times the input', async () => {
    await expect(session.run(new Uint8Array(224 * 224 * 3), 2)).rejects.toThrow()
  })
})

describe('a manifest that contradicts the graph is refused, with the file and both sides', () => {
  const input = (change: Partial<ClassificationManifest['input']>) => ({
    input: { ...model.manifest.input, ...change },
  })
  const outputs = (change: Partial<ClassificationManifest['outputs']>) => ({
    outputs: { ...classification.outputs, ...change },
  })

  test.each<[string, () => Partial<ClassificationManifest>, RegExp]>([
    ['another input', () => input({ name: 'pixels' }), /has no input "pixels" \(it has: image\)/],
    [
      'another shape',
      () => input({ shape: [299, 299, 3] }),
      /"image" is \[N, 224, 224, 3\], the manifest says \[N, 299, 299, 3\]/,
    ],
    [
      'an unknown output for the probabilities',
      () => outputs({ probabilities: 'scores' }),
      /has no output "scores" \(it has: probabilities, indices\)/,
    ],
    ['an unknown output for the indices', () => outputs({ indices: 'classes' }), /has no output "classes"/],
    [
      'the outputs interchanged',
      () => outputs({ probabilities: 'indices', indices: 'probabilities' }),
      /output "indices" is int64, must be float32/,
    ],
    [
      'the probabilities for the indices',
      () => outputs({ indices: 'probabilities' }),
      /output "probabilities" is float32, must be int64/,
    ],
  ])('%s', async (_, change, words) => {
    const message = await refusalOf({ ...model, manifest: { ...classification, ...change() } })
    expect(message).toMatch(words)
    expect(message).toContain(graphPath())
  })
})

describe('a graph that ONNX Runtime cannot load is refused, with the file', () => {
  async function graphOf(bytes: Uint8Array): Promise<ModelPackage> {
    const folder = await mkdtemp(join(tmpdir(), 'edgebatch-graph-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const graphPath = join(folder, 'model.onnx')
    await writeFile(graphPath, bytes)
    return { ...model, graphPaths: [graphPath] }
  }

  test.each<[string, (graph: Buffer) => Uint8Array]>([
    ['cut off in the middle', (graph) => graph.subarray(0, graph.length / 2)],
    ['cut off by one byte', (graph) => graph.subarray(0, -1)],
    ['empty', () => new Uint8Array(0)],
    ['no ONNX at all', () => Buffer.from('<html>not found</html>')],
    ['overwritten at its beginning', (graph) => Buffer.concat([Buffer.alloc(64, 255), graph.subarray(64)])],
  ])('%s', async (_, spoil) => {
    const spoilt = await graphOf(spoil(await readFile(graphPath())))
    expect(await refusalOf(spoilt)).toContain(`${graphPath(spoilt)}: ONNX Runtime cannot load it`)
  })

  test('missing', async () => {
    const graphPath = join(tmpdir(), `edgebatch-${crypto.randomUUID()}.onnx`)
    expect(await refusalOf({ ...model, graphPaths: [graphPath] })).toContain(graphPath)
  })
})

describe('warming up', () => {
  test('runs every size of batch', async () => {
    await expect(warmUp(session, model.labels, [1, 3])).resolves.toBeUndefined()
  })

  test('refuses a model with fewer labels than classes', async () => {
    const warming = warmUp(session, model.labels.slice(0, 1), [1])
    await expect(warming).rejects.toThrow(ModelPackageError)
    await expect(warming).rejects.toThrow('efficientnet-lite0')
    await expect(warming).rejects.toThrow(/1 labels/)
  })
})
