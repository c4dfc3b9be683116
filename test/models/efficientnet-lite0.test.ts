import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import reference from '../../models/efficientnet-lite0/1/reference.json' with { type: 'json' }
import { InferenceSession } from '../../worker-pool/inference/inference-session.ts'
import { outputOf } from '../../worker-pool/inference/job-output.ts'
import type { NamedOutputs } from '../../worker-pool/inference/output-tensor.ts'
import { loadModelPackage, type ModelPackage } from '../../worker-pool/models/model-package.ts'

/** The largest difference of a probability from what PyTorch said, which is float32 rounding through 99 nodes. */
const TOLERANCE = 1e-4
const SIDE = reference.crop
const IMAGE_BYTES = SIDE * SIDE * 3
const PHOTO_LABELS = '../shared/data/photos/labels.tsv'

let model: ModelPackage
let session: InferenceSession

beforeAll(async () => {
  model = await loadModelPackage('models/efficientnet-lite0/1')
  session = await InferenceSession.load(model, {
    providers: ['cpu'],
    intraOpThreads: undefined,
    deviceId: undefined,
    strict: true,
  })
})

afterAll(() => session.close())

type ReferenceInput =
  | { file: string; x: number; y: number }
  | { formula: string; a: number; b: number; d: number }

/** The 224 x 224 RGB input that a case of reference.json describes. */
async function inputOf(input: ReferenceInput): Promise<Uint8Array> {
  if ('file' in input) {
    const crop = { left: input.x, top: input.y, width: SIDE, height: SIDE }
    return sharp(input.file).extract(crop).removeAlpha().raw().toBuffer()
  }
  expect(input.formula).toBe('(y * a + x * b + c * d) % 256')
  return patternOf(input.a, input.b, input.d)
}

function patternOf(a: number, b: number, d: number): Uint8Array {
  const pixels = new Uint8Array(IMAGE_BYTES)
  let i = 0
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) for (let c = 0; c < 3; c++) pixels[i++] = (y * a + x * b + c * d) % 256
  return pixels
}

/** The answer for image `i` of a batch. */
function answerOf(outputs: NamedOutputs, i: number) {
  const output = outputOf(model.manifest, model.labels, outputs, i)
  const predictions = output?.kind === 'predictions' ? output.predictions : []
  return {
    indices: predictions.map(({ index }) => index),
    probabilities: predictions.map(({ probability }) => probability),
  }
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length)
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))))
}

describe('the model answers as PyTorch did before it was converted', () => {
  test('and the reference is of this model', () => {
    expect(reference).toMatchObject({ model: model.manifest.name, version: model.manifest.version })
    expect(model.manifest.input.shape).toEqual([SIDE, SIDE, 3])
    expect(reference.cases.length).toBeGreaterThan(0)
  })

  test.each(reference.cases)('for $input', async ({ input, indices, probabilities }) => {
    const pixels = await inputOf(input as ReferenceInput)
    expect(pixels).toHaveLength(IMAGE_BYTES)
    const answer = answerOf(await session.run(pixels, 1), 0)
    expect(answer.indices).toEqual(indices)
    expect(largestDifference(answer.probabilities, probabilities)).toBeLessThanOrEqual(TOLERANCE)
  })
})

test('32 different images in one batch get the answers that they get one by one', async () => {
  const images = Array.from({ length: 32 }, (_, i) => patternOf(i + 1, 2 * i + 3, 29))
  const batch = await session.run(Buffer.concat(images), images.length)
  const answers = new Set<string>()
  for (const [i, image] of images.entries()) {
    const [together, alone] = [answerOf(batch, i), answerOf(await session.run(image, 1), 0)]
    expect(together.indices).toEqual(alone.indices)
    expect(largestDifference(together.probabilities, alone.probabilities)).toBeLessThanOrEqual(TOLERANCE)
    answers.add(JSON.stringify(together))
  }
  // Otherwise a model that mixed up the images would pass.
  expect(answers.size).toBe(images.length)
})

describe('the labels', () => {
  test('are those of the 1000 classes of ImageNet, one a line', async () => {
    const lines = (await readFile('models/efficientnet-lite0/1/labels.txt', 'utf8')).split('\n')
    expect(lines.pop()).toBe('')
    expect(lines).toEqual(model.labels)
    expect(lines).toHaveLength(1000)
    expect(lines.filter((line) => line !== line.trim() || line === '')).toEqual([])
    expect([lines[0], lines[162], lines[285], lines[999]]).toEqual([
      'tench',
      'beagle',
      'Egyptian_cat',
      'toilet_tissue',
    ])
  })

  test('are those of the labelled photos', async ({ skip }) => {
    skip(!existsSync(PHOTO_LABELS), `${PHOTO_LABELS} is not here: it is no part of the project`)
    const [, ...rows] = (await readFile(PHOTO_LABELS, 'utf8')).trim().split('\n')
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) {
      const [file, index, label] = row.split('\t')
      expect([file, model.labels[Number(index)]]).toEqual([file, label])
    }
  })
})
