import onnxProto from 'onnx-proto'
import { toHalf } from '../../cli/model/float16.ts'
import { randomNumbers } from './random-numbers.ts'
import { seededWeights } from './seeded-weights.ts'

const { onnx } = onnxProto
const { FLOAT, FLOAT16 } = onnx.TensorProto.DataType
type Node = onnxProto.onnx.INodeProto
type Tensor = onnxProto.onnx.ITensorProto
type Attributes = Record<string, number | number[] | { float: number }>

export interface RandomNetwork {
  bytes: Uint8Array
  /** What was drawn, for the name of a test. */
  description: string
  layout: 'nchw' | 'nhwc'
  half: boolean
}

export const RANDOM_NETWORK_CLASSES = 11
const SIDE = 24

/**
 * A small convolutional network of the kinds of layers that classifiers have, in an opset of 7 to 24, as one of the forms
 * that they are exported in. All of it follows from the seed.
 */
export function randomNetwork(seed: number): RandomNetwork {
  const below = randomNumbers(seed * 7919 + 13)
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 8; i++) below(2)
  const opset = 7 + below(18)
  const layout = below(3) === 0 ? 'nhwc' : 'nchw'
  const half = opset >= 9 && below(4) === 0
  const batch = [1, 2, 'N', 'batch'][below(4)] ?? 'N'
  const end = (['logits', 'softmax'] as const)[below(2)] ?? 'logits'
  const head = (['gemm', 'map', 'reshape'] as const)[below(3)] ?? 'gemm'
  const layers = new Layers(opset, half, seed)
  let x = layout === 'nhwc' ? layers.add('Transpose', ['input'], { perm: [0, 3, 1, 2] }) : 'input'
  let channels = 3
  for (let i = 1 + below(3); i > 0; i--) {
    const to = 4 + below(6)
    x = layers.block(x, channels, to, below)
    channels = to
  }
  const scores = layers.classify(x, channels, head, typeof batch === 'number' ? batch : -1)
  const output = end === 'softmax' ? layers.add('Softmax', [scores], { axis: 1 }) : scores
  const image = layout === 'nchw' ? [3, SIDE, SIDE] : [SIDE, SIDE, 3]
  const shape = head === 'map' ? [RANDOM_NETWORK_CLASSES, 1, 1] : [RANDOM_NETWORK_CLASSES]
  const bytes = layers.encode(image, shape, batch, output)
  const description = `opset ${opset}, ${layout}, ${half ? 'float16' : 'float32'}, batch ${batch}, ${head}, ${end}`
  return { bytes, description, layout, half }
}

class Layers {
  readonly #opset: number
  readonly #half: boolean
  readonly #weights: (count: number, scale: number) => Float32Array
  readonly #nodes: Node[] = []
  readonly #tensors: Tensor[] = []

  constructor(opset: number, half: boolean, seed: number) {
    this.#opset = opset
    this.#half = half
    this.#weights = seededWeights(seed + 1)
  }

  add(opType: string, input: string[], attributes: Attributes = {}): string {
    const output = `v${this.#nodes.length}`
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value))
    this.#nodes.push({ opType, input, output: [output], attribute })
    return output
  }

  /** A convolution, perhaps normalised, an activation, and perhaps a shortcut or a pooling. */
  block(x: string, from: number, to: number, below: (n: number) => number): string {
    const kernel = [1, 3, 5][below(3)] ?? 3
    let y = this.#convolution(x, from, to, kernel)
    if (below(2) === 0) y = this.#normalised(y, to)
    const activation = below(3)
    if (activation === 0) y = this.add('Relu', [y])
    else if (activation === 1) y = this.add('LeakyRelu', [y], { alpha: { float: 0.1 } })
    else y = this.add('Sigmoid', [y])
    if (below(2) === 0) y = this.add('Add', [y, this.#convolution(x, from, to, 1)])
    if (below(2) === 0) return y
    const pool = below(2) === 0 ? 'MaxPool' : 'AveragePool'
    return this.add(pool, [y], { kernel_shape: [2, 2], strides: [2, 2] })
  }

  classify(x: string, from: number, head: 'gemm' | 'map' | 'reshape', batch: number): string {
    const pooled = this.add('GlobalAveragePool', [x])
    const classes = RANDOM_NETWORK_CLASSES
    if (head === 'map') return this.add('Conv', [pooled, this.#tensor([classes, from, 1, 1], 2)])
    const flat =
      head === 'gemm'
        ? this.add('Flatten', [pooled], { axis: 1 })
        : this.add('Reshape', [pooled, this.#shape([batch, from])])
    return this.add('Gemm', [flat, this.#tensor([classes, from], 2), this.#tensor([classes], 1)], {
      transB: 1,
    })
  }

  encode(image: number[], scores: number[], batch: number | string, output: string): Uint8Array {
    const type = this.#half ? FLOAT16 : FLOAT
    const value = (name: string, shape: (number | string)[]) => {
      const dim = shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }))
      return { name, type: { tensorType: { elemType: type, shape: { dim } } } }
    }
    return onnx.ModelProto.encode({
      irVersion: this.#opset < 9 ? 3 : this.#opset < 21 ? 8 : 10,
      opsetImport: [{ domain: '', version: this.#opset }],
      graph: {
        name: 'random',
        node: this.#nodes,
        initializer: this.#tensors,
        input: [value('input', [batch, ...image])],
        output: [value(output, [batch, ...scores])],
      },
    }).finish()
  }

  #convolution(x: string, from: number, to: number, kernel: number): string {
    const pad = (kernel - 1) / 2
    const weights = this.#tensor([to, from, kernel, kernel], Math.sqrt(6 / (from * kernel * kernel)))
    return this.add('Conv', [x, weights, this.#tensor([to], 0.2)], { pads: [pad, pad, pad, pad] })
  }

  #normalised(x: string, channels: number): string {
    const parameters = [0.5, 0.5, 0.5].map((scale) => this.#tensor([channels], scale))
    const variance = this.#tensor([channels], 0.4, 1)
    return this.add('BatchNormalization', [x, ...parameters, variance])
  }

  #tensor(dims: number[], scale: number, around = 0): string {
    const count = dims.reduce((product, dim) => product * dim, 1)
    const values = this.#weights(count, scale).map((value) => value + around)
    const data = this.#half ? Uint16Array.from(values, toHalf) : values
    return this.#stored({
      dims,
      dataType: this.#half ? FLOAT16 : FLOAT,
      rawData: new Uint8Array(data.buffer),
    })
  }

  #shape(values: number[]): string {
    const data = BigInt64Array.from(values, BigInt)
    return this.#stored({ dims: [values.length], dataType: 7, rawData: new Uint8Array(data.buffer) })
  }

  #stored(tensor: Tensor): string {
    const name = `w${this.#tensors.length}`
    this.#tensors.push({ ...tensor, name })
    return name
  }
}

function attributeOf(name: string, value: Attributes[string]): onnxProto.onnx.IAttributeProto {
  const { INT, INTS, FLOAT } = onnx.AttributeProto.AttributeType
  if (typeof value === 'number') return { name, type: INT, i: value }
  return Array.isArray(value) ? { name, type: INTS, ints: value } : { name, type: FLOAT, f: value.float }
}
