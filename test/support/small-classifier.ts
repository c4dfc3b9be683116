import onnxProto from 'onnx-proto'
import { seededWeights } from './seeded-weights.ts'

const { onnx } = onnxProto
const { FLOAT, FLOAT16, INT64 } = onnx.TensorProto.DataType
type Node = onnxProto.onnx.INodeProto
type Tensor = onnxProto.onnx.ITensorProto

export interface SmallClassifier {
  opset?: number
  ir?: number
  layout?: 'nchw' | 'nhwc'
  batch?: number | string
  /** Weights, input and output in float16. */
  half?: boolean
  end?: 'logits' | 'softmax' | 'sigmoid' | 'map'
  /** Name of the file that holds the weights of the last layer. */
  external?: string
  /** Of the input. */
  input?: string
  output?: string
  /** As a graph that was exported for one image has it: a Reshape to this. */
  reshape?: number[]
  /** And as PyTorch's exporter writes it: a 0 in that shape would be none in the result. */
  allowZero?: boolean
  secondOutput?: boolean
  /** The last step is a function that the model defines. */
  function?: boolean
}

export const SMALL_SIDE = 32
export const SMALL_CLASSES = 7

/** A network of one convolution, with 7 classes: the ONNX file, and the content of its external file. */
export function smallClassifier(options: SmallClassifier = {}): { model: Uint8Array; weights: Uint8Array } {
  const { layout = 'nchw', input = 'input', output = 'scores', end = 'logits' } = options
  const weightsOf = seededWeights(7)
  const type = options.half ? FLOAT16 : FLOAT
  const weights = bytesOf(weightsOf(SMALL_CLASSES * 8, 2), options.half)
  const tensors: Tensor[] = [
    {
      name: 'kernel',
      dims: [8, 3, 5, 5],
      dataType: type,
      rawData: bytesOf(weightsOf(600, 0.3), options.half),
    },
    { name: 'dense', dims: [SMALL_CLASSES, 8, 1, 1], dataType: type, ...stored(weights, options.external) },
  ]
  const nodes: Node[] = []
  const add = (
    opType: string,
    inputs: string[],
    to: string,
    attributes: Record<string, number | number[]> = {},
  ) => {
    nodes.push({
      opType,
      name: `n_${to}`,
      input: inputs,
      output: [to],
      attribute: Object.entries(attributes).map(attributeOf),
    })
    return to
  }
  let value = layout === 'nhwc' ? add('Transpose', [input], 'moved', { perm: [0, 3, 1, 2] }) : input
  value = add('Relu', [add('Conv', [value, 'kernel'], 'convolved', { strides: [3, 3] })], 'rectified')
  value = add('Conv', [add('GlobalAveragePool', [value], 'pooled'), 'dense'], 'map')
  if (end !== 'map') {
    if (options.reshape) {
      const shape = BigInt64Array.from(options.reshape, BigInt)
      tensors.push({
        name: 'row',
        dims: [shape.length],
        dataType: INT64,
        rawData: new Uint8Array(shape.buffer),
      })
      value = add('Reshape', [value, 'row'], 'flat', options.allowZero ? { allowzero: 1 } : {})
    } else value = add('Flatten', [value], 'flat', { axis: 1 })
    if (end === 'softmax') value = add('Softmax', [value], 'soft', { axis: 1 })
    if (end === 'sigmoid') value = add('Sigmoid', [value], 'squashed')
  }
  add(options.function ? 'Last' : 'Identity', [value], output)
  const { batch = 'N' } = options
  const taken = layout === 'nchw' ? [3, SMALL_SIDE, SMALL_SIDE] : [SMALL_SIDE, SMALL_SIDE, 3]
  const outputs = [
    valueInfo(output, type, end === 'map' ? [batch, SMALL_CLASSES, 1, 1] : [batch, SMALL_CLASSES]),
  ]
  if (options.secondOutput) outputs.push(valueInfo('pooled', type, [batch, 8, 1, 1]))
  const graph = {
    name: 'small',
    node: nodes,
    initializer: tensors,
    input: [valueInfo(input, type, [batch, ...taken])],
    output: outputs,
  }
  const opsetImport = [{ domain: '', version: options.opset ?? 17 }]
  const last = nodes.at(-1)
  if (options.function && last) last.domain = OWN_DOMAIN
  const model = options.function
    ? { irVersion: 8, opsetImport: [...opsetImport, OWN_OPSET], graph, functions: [lastOf(opsetImport)] }
    : { irVersion: options.ir ?? 7, opsetImport, graph }
  return { model: onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish(), weights }
}

const OWN_DOMAIN = 'own'
const OWN_OPSET = { domain: OWN_DOMAIN, version: 1 }

function lastOf(opsetImport: onnxProto.onnx.IOperatorSetIdProto[]): onnxProto.onnx.IFunctionProto {
  const node = [{ opType: 'Identity', input: ['x'], output: ['y'] }]
  return { name: 'Last', domain: OWN_DOMAIN, input: ['x'], output: ['y'], node, opsetImport }
}

function stored(weights: Uint8Array, external: string | undefined): Tensor {
  if (!external) return { rawData: weights }
  return {
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
    externalData: [
      { key: 'location', value: external },
      { key: 'offset', value: '0' },
      { key: 'length', value: `${weights.length}` },
    ],
  }
}

function attributeOf([name, value]: [string, number | number[]]): onnxProto.onnx.IAttributeProto {
  const { INT, INTS } = onnx.AttributeProto.AttributeType
  return typeof value === 'number' ? { name, type: INT, i: value } : { name, type: INTS, ints: value }
}

function valueInfo(
  name: string,
  elemType: number,
  shape: (number | string)[],
): onnxProto.onnx.IValueInfoProto {
  const dim = shape.map((side) => (typeof side === 'number' ? { dimValue: side } : { dimParam: side }))
  return { name, type: { tensorType: { elemType, shape: { dim } } } }
}

/** In float16 by dropping the lower bits of each float32, which is exact enough for weights of no meaning. */
function bytesOf(values: Float32Array, half = false): Uint8Array {
  if (!half) return new Uint8Array(values.buffer)
  const bits = new Uint32Array(values.buffer)
  const halves = Uint16Array.from(bits, (b) => {
    const exponent = ((b >>> 23) & 0xff) - 112
    return ((b >>> 16) & 0x8000) | (exponent <= 0 ? 0 : (exponent << 10) | ((b >>> 13) & 0x3ff))
  })
  return new Uint8Array(halves.buffer)
}
