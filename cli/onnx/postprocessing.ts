import type { Conversion } from './conversion.ts'
import type { GraphPart } from './graph-part.ts'
import { DataType, type ValueInfo, valueInfo } from './proto.ts'

/** One of a model's outputs, as a run showed it. */
export interface RawOutput {
  name: string
  /** A TensorProto.DataType. */
  type: number
  /** Without the batch dimension. */
  shape: readonly number[]
}

/** Of TopK. Before, it was an attribute. */
const FIRST_OPSET_WITH_K_AS_INPUT = 10

/** Adds the nodes that make a task's outputs of a model's; returns the outputs that the graph then has. */
export function addPostprocessing(
  part: GraphPart,
  conversion: Conversion,
  raw: RawOutput,
  batch: string,
): ValueInfo[] {
  const width = raw.shape.reduce((product, side) => product * side, 1)
  let value = raw.name
  if (raw.shape.length !== 1) value = part.node('Flatten', [value], { axis: 1 })
  if (raw.type !== DataType.FLOAT) value = part.node('Cast', [value], { to: DataType.FLOAT })
  if (conversion.task === 'embedding') return [valueInfo(value, DataType.FLOAT, [batch, width])]

  // On two dimensions axis 1 means the same before and after opset 13.
  if (conversion.softmax) value = part.node('Softmax', [value], { axis: 1 })
  const k = Math.min(conversion.top, width)
  const [probabilities, indices] = [part.fresh('probabilities'), part.fresh('indices')]
  if (part.opset < FIRST_OPSET_WITH_K_AS_INPUT) {
    part.nodeInto([probabilities, indices], 'TopK', [value], { axis: 1, k })
  } else {
    const count = part.constant('top', [1], BigInt64Array.of(BigInt(k)))
    part.nodeInto([probabilities, indices], 'TopK', [value, count], { axis: 1 })
  }
  return [
    valueInfo(probabilities, DataType.FLOAT, [batch, k]),
    valueInfo(indices, DataType.INT64, [batch, k]),
  ]
}
