import onnxProto from 'onnx-proto'

export const { onnx } = onnxProto
export const { DataType } = onnx.TensorProto

export type Model = onnxProto.onnx.IModelProto
export type Graph = onnxProto.onnx.IGraphProto
export type Node = onnxProto.onnx.INodeProto
export type Initializer = onnxProto.onnx.ITensorProto
export type Attribute = onnxProto.onnx.IAttributeProto
export type ValueInfo = onnxProto.onnx.IValueInfoProto

/** A whole number is a fixed dimension, a name one that a run decides. */
export type Shape = readonly (number | string)[]

export function valueInfo(name: string, elemType: number, shape: Shape): ValueInfo {
  const dim = shape.map((side) => (typeof side === 'number' ? { dimValue: side } : { dimParam: side }))
  return { name, type: { tensorType: { elemType, shape: { dim } } } }
}

/** The graph and all graphs that its nodes hold (bodies of If, Loop and Scan). */
export function* graphsWithin(graph: Graph): Generator<Graph> {
  yield graph
  for (const node of graph.node ?? [])
    for (const { g, graphs } of node.attribute ?? [])
      for (const inner of [...(g ? [g] : []), ...(graphs ?? [])]) yield* graphsWithin(inner)
}

/** Tensors stored in the model: initializers and the values of Constant nodes. */
export function* tensorsWithin(graph: Graph): Generator<Initializer> {
  for (const { initializer, node } of graphsWithin(graph)) {
    yield* initializer ?? []
    for (const { attribute } of node ?? []) for (const { t } of attribute ?? []) if (t) yield t
  }
}
