import onnxProto from 'onnx-proto'

const { onnx } = onnxProto

const { FLOAT, UINT8, INT32, INT64, BOOL, FLOAT16, DOUBLE, STRING } = onnx.TensorProto.DataType
const ELEMENT_TYPES = {
  float32: FLOAT,
  uint8: UINT8,
  int32: INT32,
  int64: INT64,
  bool: BOOL,
  float16: FLOAT16,
  float64: DOUBLE,
  string: STRING,
} as const
export type GraphType = keyof typeof ELEMENT_TYPES

export interface GraphValue {
  name: string
  type: GraphType
  /** A name is a dimension that a run decides. */
  shape: readonly (number | string)[]
}

export interface GraphNode {
  op: string
  inputs: readonly string[]
  outputs: readonly string[]
  attributes?: Record<string, number | readonly number[] | Graph>
}

export interface Graph {
  inputs: readonly GraphValue[]
  outputs: readonly GraphValue[]
  nodes: readonly GraphNode[]
  initializers?: readonly { name: string; dims: readonly number[]; data: Float32Array | BigInt64Array }[]
}

/** An ONNX file of this graph. Attributes are whole numbers, lists of them, or graphs. */
export function onnxModel(graph: Graph): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: graphProto(graph),
  })
  return onnx.ModelProto.encode(model).finish()
}

function graphProto({ inputs, outputs, nodes, initializers = [] }: Graph): onnxProto.onnx.IGraphProto {
  return {
    name: 'test',
    input: inputs.map(valueInfo),
    output: outputs.map(valueInfo),
    node: nodes.map(({ op, inputs, outputs, attributes = {} }) => ({
      opType: op,
      input: [...inputs],
      output: [...outputs],
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    })),
    initializer: initializers.map(({ name, dims, data }) => ({
      name,
      dims: [...dims],
      dataType: data instanceof Float32Array ? FLOAT : INT64,
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
  }
}

function valueInfo({ name, type, shape }: GraphValue): onnxProto.onnx.IValueInfoProto {
  const dim = shape.map((side) => (typeof side === 'number' ? { dimValue: side } : { dimParam: side }))
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[type], shape: { dim } } } }
}

function attribute(name: string, value: number | readonly number[] | Graph): onnxProto.onnx.IAttributeProto {
  const { INT, INTS, GRAPH } = onnx.AttributeProto.AttributeType
  if (typeof value === 'object' && 'nodes' in value) return { name, type: GRAPH, g: graphProto(value) }
  return typeof value === 'number' ? { name, type: INT, i: value } : { name, type: INTS, ints: [...value] }
}
