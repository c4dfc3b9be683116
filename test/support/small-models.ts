import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as z from 'zod'
import type { modelManifestSchema } from '../../shared/model-manifest.ts'
import { type GraphNode, type GraphType, type GraphValue, onnxModel } from './onnx-graph.ts'

/** Sides of the image that small models take. */
export const SIDE = 2

type Written = z.input<typeof modelManifestSchema>
type OfTask<T extends Written['task']> = Extract<Written, { task: T }>
export type TaskFields = {
  [T in Written['task']]: Pick<OfTask<T>, 'task' | 'outputs'> & Partial<OfTask<T>>
}[Written['task']]

/** A manifest as `model.json` would hold it. */
export function smallManifest(fields: TaskFields): Written {
  return {
    name: 'small',
    version: '1',
    input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [SIDE, SIDE, 3] },
    resize: { mode: 'stretch', size: SIDE, crop: SIDE, kernel: 'triangle' },
    ...fields,
  }
}

/** A model package in a folder of its own. To be removed. */
export async function smallPackage(
  fields: TaskFields,
  files: Record<string, Uint8Array | string>,
): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-package-'))
  const all = { 'model.json': JSON.stringify(smallManifest(fields)), ...files }
  for (const [file, content] of Object.entries(all)) await writeFile(join(folder, file), content)
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

export const value = (name: string, type: GraphType, ...shape: (number | string)[]): GraphValue => ({
  name,
  type,
  shape,
})

export const IMAGE = value('image', 'uint8', 'N', SIDE, SIDE, 3)

const node = (
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: GraphNode['attributes'] = {},
): GraphNode => ({
  op,
  inputs,
  outputs,
  attributes,
})

/** ONNX's numbers of element types, for Cast. */
const TO = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 } as const

export const cast = (from: string, to: string, type: keyof typeof TO) =>
  node('Cast', [from], [to], { to: TO[type] })

/** uint8 pixels, row by row, to float32 planes: `pixels`. */
export const preGraph = onnxModel({
  inputs: [IMAGE],
  outputs: [value('pixels', 'float32', 'N', 3, SIDE, SIDE)],
  nodes: [
    cast('image', 'floats', 'float32'),
    node('Transpose', ['floats'], ['pixels'], { perm: [0, 3, 1, 2] }),
  ],
})

/** Planes to the mean of each: `logits`, [N, 3]. */
export const meanGraph = onnxModel({
  inputs: [value('planes', 'float32', 'N', 3, 'h', 'w')],
  outputs: [value('logits', 'float32', 'N', 3)],
  nodes: [node('GlobalAveragePool', ['planes'], ['means']), node('Flatten', ['means'], ['logits'])],
})

/** Scores to the best two: `probabilities` and `indices`. */
export const topGraph = onnxModel({
  inputs: [value('scores', 'float32', 'N', 3)],
  outputs: [value('probabilities', 'float32', 'N', 2), value('indices', 'int64', 'N', 2)],
  nodes: [
    node('Softmax', ['scores'], ['softmax'], { axis: 1 }),
    node('TopK', ['softmax', 'k'], ['probabilities', 'indices'], { axis: 1 }),
  ],
  initializers: [{ name: 'k', dims: [1], data: BigInt64Array.of(2n) }],
})

/** The image's mean red, green and blue: `embedding`, [N, 3]. */
export const embeddingGraph = onnxModel({
  inputs: [IMAGE],
  outputs: [value('embedding', 'float32', 'N', 3)],
  nodes: [
    cast('image', 'floats', 'float32'),
    node('ReduceMean', ['floats'], ['embedding'], { axes: [1, 2], keepdims: 0 }),
  ],
})

/** The image's largest red, green and blue: another answer than `embeddingGraph` has. */
export const largestGraph = onnxModel({
  inputs: [IMAGE],
  outputs: [value('embedding', 'float32', 'N', 3)],
  nodes: [
    cast('image', 'floats', 'float32'),
    node('ReduceMax', ['floats'], ['embedding'], { axes: [1, 2], keepdims: 0 }),
  ],
})

/** `embeddingGraph`, but for a batch with a pixel of 255: its run does not end in years. */
export const endlessGraph = onnxModel({
  inputs: [IMAGE],
  outputs: [value('embedding', 'float32', 'N', 3)],
  nodes: [
    cast('image', 'floats', 'float32'),
    node('ReduceMean', ['floats'], ['mean'], { axes: [1, 2], keepdims: 0 }),
    node('ReduceMax', ['floats'], ['brightest'], { keepdims: 0 }),
    node('Sub', ['brightest', 'nearly white'], ['above']),
    node('Relu', ['above'], ['is white']),
    node('Mul', ['is white', 'for ever'], ['turns as floats']),
    cast('turns as floats', 'turns', 'int64'),
    node('Loop', ['turns', '', 'mean'], ['embedding'], {
      body: {
        inputs: [value('turn', 'int64'), value('go on', 'bool'), value('before', 'float32', 'N', 3)],
        outputs: [value('still', 'bool'), value('after', 'float32', 'N', 3)],
        nodes: [node('Identity', ['go on'], ['still']), node('Identity', ['before'], ['after'])],
      },
    }),
  ],
  initializers: [
    { name: 'nearly white', dims: [], data: Float32Array.of(254) },
    { name: 'for ever', dims: [], data: Float32Array.of(1e15) },
  ],
})
