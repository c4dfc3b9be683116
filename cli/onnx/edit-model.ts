import { type Initializer, type Node, onnx, type ValueInfo } from './proto.ts'
import { fieldsOf, lengthDelimited, type Pieces, varintField, type WireField } from './protobuf-wire.ts'

/** Numbers of the fields that edits touch, by ONNX's schema. */
const MODEL = { irVersion: 1, graph: 7 } as const
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13 } as const
const NODE = { input: 1, attribute: 5 } as const
const ATTRIBUTE = { name: 1 } as const
const TENSOR = { name: 8 } as const

/** What of a node becomes another. */
export interface NodeChange {
  inputs: readonly string[]
  /** The name of an attribute that it loses, if it has it. */
  withoutAttribute: string
}

export interface GraphEdits {
  irVersion: number
  /** In place of all that is listed as input: the image, and what older models list of their constants. */
  input: ValueInfo
  outputs: readonly ValueInfo[]
  /** Run before and after the model's own nodes. */
  before: readonly Node[]
  after: readonly Node[]
  /** Added to those that are there. */
  initializers: readonly Initializer[]
  /** Of nodes, by their place among the model's. */
  changes: ReadonlyMap<number, NodeChange>
  /** Constants of the model that nothing uses any more. */
  unused: ReadonlySet<string>
  /** Drops what the file says of shapes within, which a runtime finds out by itself. */
  withoutShapes: boolean
}

/**
 * The ONNX file with its graph edited. All else is there byte for byte, known to the schema or not. Throws RangeError if the
 * file is no protobuf message.
 */
export function editModel(file: Uint8Array, edits: GraphEdits): Uint8Array {
  const fields = [...fieldsOf(file)]
  // A message that comes in parts is the parts put together, by protobuf's rules.
  const graph = fields
    .filter(({ number }) => number === MODEL.graph)
    .flatMap(({ content }) => [...fieldsOf(content)])
  const around = fields.filter(({ number }) => number !== MODEL.graph && number !== MODEL.irVersion)
  return Buffer.concat([
    varintField(MODEL.irVersion, edits.irVersion),
    ...around.map(({ whole }) => whole),
    ...lengthDelimited(MODEL.graph, editGraph(graph, edits)),
  ])
}

function editGraph(fields: readonly WireField[], edits: GraphEdits): Pieces {
  const dropped: number[] = [GRAPH.node, GRAPH.input, GRAPH.output]
  if (edits.withoutShapes) dropped.push(GRAPH.valueInfo)
  const nodes = fields.filter(({ number }) => number === GRAPH.node)
  return [
    ...edits.before.flatMap(nodeField),
    ...nodes.flatMap((field, place) => changed(field, edits.changes.get(place))),
    ...edits.after.flatMap(nodeField),
    ...fields
      .filter((field) => !dropped.includes(field.number) && !isOneOf(edits.unused, field))
      .map(({ whole }) => whole),
    ...edits.initializers.flatMap((tensor) =>
      lengthDelimited(GRAPH.initializer, [onnx.TensorProto.encode(tensor).finish()]),
    ),
    ...valueField(GRAPH.input, edits.input),
    ...edits.outputs.flatMap((output) => valueField(GRAPH.output, output)),
  ]
}

function isOneOf(names: ReadonlySet<string>, { number, content }: WireField): boolean {
  return number === GRAPH.initializer && names.size > 0 && names.has(textIn(content, TENSOR.name))
}

/** Of a message's field that is text; empty if it is not there. */
function textIn(message: Uint8Array, number: number): string {
  const field = [...fieldsOf(message)].find((one) => one.number === number)
  return field ? new TextDecoder().decode(field.content) : ''
}

function nodeField(node: Node): Pieces {
  return lengthDelimited(GRAPH.node, [onnx.NodeProto.encode(node).finish()])
}

function valueField(number: number, value: ValueInfo): Pieces {
  return lengthDelimited(number, [onnx.ValueInfoProto.encode(value).finish()])
}

function changed({ content, whole }: WireField, change: NodeChange | undefined): Pieces {
  if (!change) return [whole]
  const { inputs, withoutAttribute } = change
  const isLost = (field: WireField) =>
    field.number === NODE.attribute && textIn(field.content, ATTRIBUTE.name) === withoutAttribute
  const others = [...fieldsOf(content)].filter((field) => field.number !== NODE.input && !isLost(field))
  const encoder = new TextEncoder()
  return lengthDelimited(GRAPH.node, [
    ...inputs.flatMap((input) => lengthDelimited(NODE.input, [encoder.encode(input)])),
    ...others.map((field) => field.whole),
  ])
}
