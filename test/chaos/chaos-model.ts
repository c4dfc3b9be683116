import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type * as z from 'zod'
import type { modelManifestSchema } from '../../shared/model-manifest.ts'
import { onnxModel } from '../support/onnx-graph.ts'
import { writePng } from '../support/png-writer.ts'
import { seededWeights } from '../support/seeded-weights.ts'
import { cast, value } from '../support/small-models.ts'
import type { Colour } from './request-plan.ts'

export const MODEL = 'colour'
export const VERSION = '1'

/** Sides of the image. The sum of so many pixels is exact in float32, and so is their mean if all are the same. */
const SIDE = 64
/** Planes of the work that is done for nothing: some milliseconds an image, so that pools are killed in the middle of it. */
const PLANES = 80

/** Small, so that jobs that are lost with a pool are some of many. */
export const MAX_BATCH_SIZE = 8
/** Long, so that jobs lie in pools' hands, claimed, without work for the machine. */
const MAX_QUEUE_DELAY_MS = 200

/** An image's mean colour, exactly; beside it, convolutions whose result counts for nothing. */
function colourGraph(): Uint8Array {
  const weights = seededWeights(1)
  const convolution = { pads: [1, 1, 1, 1] }
  return onnxModel({
    inputs: [value('image', 'uint8', 'N', SIDE, SIDE, 3)],
    outputs: [value('embedding', 'float32', 'N', 3)],
    nodes: [
      cast('image', 'floats', 'float32'),
      { op: 'ReduceMean', inputs: ['floats'], outputs: ['mean'], attributes: { axes: [1, 2], keepdims: 0 } },
      { op: 'Transpose', inputs: ['floats'], outputs: ['planes'], attributes: { perm: [0, 3, 1, 2] } },
      { op: 'Conv', inputs: ['planes', 'first'], outputs: ['wide'], attributes: convolution },
      { op: 'Conv', inputs: ['wide', 'second'], outputs: ['deep'], attributes: convolution },
      { op: 'ReduceMean', inputs: ['deep'], outputs: ['work'], attributes: { axes: [2, 3], keepdims: 0 } },
      { op: 'MatMul', inputs: ['work', 'zeros'], outputs: ['nothing'] },
      { op: 'Add', inputs: ['mean', 'nothing'], outputs: ['embedding'] },
    ],
    initializers: [
      { name: 'first', dims: [PLANES, 3, 3, 3], data: weights(PLANES * 27, 0.05) },
      { name: 'second', dims: [PLANES, PLANES, 3, 3], data: weights(PLANES * PLANES * 9, 0.05) },
      { name: 'zeros', dims: [PLANES, 3], data: new Float32Array(PLANES * 3) },
    ],
  })
}

/** Writes the package; returns its folder. */
export async function writeColourPackage(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const manifest: z.input<typeof modelManifestSchema> = {
    ...{ name: MODEL, version: VERSION, task: 'embedding' },
    input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [SIDE, SIDE, 3] },
    resize: { mode: 'stretch', size: SIDE, crop: SIDE, kernel: 'triangle' },
    outputs: { embedding: 'embedding' },
    serving: { max_batch_size: MAX_BATCH_SIZE, max_queue_delay_ms: MAX_QUEUE_DELAY_MS },
  }
  await writeFile(join(folder, 'model.json'), JSON.stringify(manifest))
  await writeFile(join(folder, 'model.onnx'), colourGraph())
  return folder
}

/** One pixel is enough: an image of one colour stays so when it is made larger. */
export function imageOf(colour: Colour): Uint8Array<ArrayBuffer> {
  const sample = (_x: number, _y: number, channel: number) => colour[channel] ?? 0
  return new Uint8Array(writePng({ width: 1, height: 1, bitDepth: 8, colourType: 2, sample }))
}

/** What the model says of it, as the API shows it. */
export function answerFor(colour: Colour): string {
  return JSON.stringify(colour)
}
