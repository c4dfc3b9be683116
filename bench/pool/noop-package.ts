import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onnxModel } from '../../test/support/onnx-graph.ts'

/** Looks at three bytes of each image and nothing else: what is measured is all but the model. */
const GRAPH = {
  inputs: [{ name: 'image', type: 'uint8', shape: ['N', 224, 224, 3] }],
  outputs: [
    { name: 'probabilities', type: 'float32', shape: ['N', 1] },
    { name: 'indices', type: 'int64', shape: ['N', 1] },
  ],
  nodes: [
    { op: 'Slice', inputs: ['image', 'starts', 'ends', 'axes'], outputs: ['corner'] },
    { op: 'Reshape', inputs: ['corner', 'rows'], outputs: ['pixel'] },
    { op: 'Cast', inputs: ['pixel'], outputs: ['values'], attributes: { to: 1 } },
    { op: 'Softmax', inputs: ['values'], outputs: ['all'], attributes: { axis: 1 } },
    { op: 'TopK', inputs: ['all', 'k'], outputs: ['probabilities', 'indices'] },
  ],
  initializers: [
    { name: 'starts', dims: [2], data: BigInt64Array.of(0n, 0n) },
    { name: 'ends', dims: [2], data: BigInt64Array.of(1n, 1n) },
    { name: 'axes', dims: [2], data: BigInt64Array.of(1n, 2n) },
    { name: 'rows', dims: [2], data: BigInt64Array.of(-1n, 3n) },
    { name: 'k', dims: [1], data: BigInt64Array.of(1n) },
  ],
} satisfies Parameters<typeof onnxModel>[0]

/** Writes a package whose model does next to nothing; returns its folder. */
export async function writeNoopPackage(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const manifest = {
    ...{ name: 'noop', version: '1', task: 'classification' },
    input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [224, 224, 3] },
    resize: { mode: 'stretch', size: 224, crop: 224, kernel: 'triangle' },
    outputs: { probabilities: 'probabilities', indices: 'indices' },
  }
  await writeFile(join(folder, 'model.json'), JSON.stringify(manifest))
  await writeFile(join(folder, 'model.onnx'), onnxModel(GRAPH))
  await writeFile(join(folder, 'labels.txt'), 'red\ngreen\nblue\n')
  return folder
}
