import { writeFile } from 'node:fs/promises'
import onnxProto from 'onnx-proto'

const { onnx } = onnxProto

/** Colours by their names, as red, green and blue from 0 to 1. */
const COLOURS: Record<string, [number, number, number]> = {
  black: [0.08, 0.08, 0.08],
  white: [0.92, 0.92, 0.92],
  grey: [0.5, 0.5, 0.5],
  red: [0.8, 0.12, 0.12],
  orange: [0.9, 0.5, 0.1],
  yellow: [0.9, 0.85, 0.2],
  green: [0.2, 0.6, 0.2],
  blue: [0.15, 0.3, 0.75],
  purple: [0.5, 0.2, 0.6],
  pink: [0.9, 0.6, 0.7],
  brown: [0.45, 0.32, 0.22],
}
const SIDE = 224
/** How sure it is of the nearest colour: the larger, the surer. */
const SHARPNESS = 40

/** Entry: writes `colours.onnx` and `labels.txt`, a classifier that says what colour a photo has on the whole. */
async function main(): Promise<void> {
  await writeFile(new URL('colours.onnx', import.meta.url), nearestColour())
  await writeFile(new URL('labels.txt', import.meta.url), `${Object.keys(COLOURS).join('\n')}\n`)
}

/**
 * Input `image`, float32 [N, 3, 224, 224] from 0 to 1; output `logits`, float32 [N, 11]. The mean colour x is nearest to the c of
 * which 2 c.x - |c|^2 is largest, since |x - c|^2 = |x|^2 - (2 c.x - |c|^2): so the nearest one takes one linear layer.
 */
function nearestColour(): Uint8Array {
  const colours = Object.values(COLOURS)
  const weights = colours.flat().map((part) => 2 * part * SHARPNESS)
  const biases = colours.map((colour) => -SHARPNESS * colour.reduce((sum, part) => sum + part * part, 0))
  return onnx.ModelProto.encode({
    irVersion: 8,
    producerName: 'edgebatch examples/colours/make.ts',
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'colours',
      node: [
        { opType: 'GlobalAveragePool', input: ['image'], output: ['mean'] },
        { opType: 'Flatten', input: ['mean'], output: ['colour'] },
        {
          opType: 'Gemm',
          input: ['colour', 'weights', 'biases'],
          output: ['logits'],
          attribute: [TRANSPOSED],
        },
      ],
      initializer: [
        tensor('weights', [colours.length, 3], weights),
        tensor('biases', [colours.length], biases),
      ],
      input: [value('image', [3, SIDE, SIDE])],
      output: [value('logits', [colours.length])],
    },
  }).finish()
}

const TRANSPOSED = { name: 'transB', type: onnx.AttributeProto.AttributeType.INT, i: 1 }
const FLOAT = onnx.TensorProto.DataType.FLOAT

function tensor(name: string, dims: number[], floatData: number[]) {
  return { name, dims, dataType: FLOAT, floatData }
}

/** A value for any number of images. */
function value(name: string, dims: number[]) {
  const dim = [{ dimParam: 'N' }, ...dims.map((dimValue) => ({ dimValue }))]
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } }
}

await main()
