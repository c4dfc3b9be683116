import type { Conversion } from './conversion.ts'
import { freeBatch } from './free-batch.ts'
import { GraphPart, namesWithin } from './graph-part.ts'
import type { OnnxFile } from './model-file.ts'
import { addPostprocessing, type RawOutput } from './postprocessing.ts'
import { addPreprocessing } from './preprocessing.ts'
import { DataType, onnx, type ValueInfo, valueInfo } from './proto.ts'
import type { Signature } from './signature.ts'

export interface RewrittenGraph {
  bytes: Uint8Array
  input: string
  outputs: string[]
}

/** From here on a graph's constants need not be inputs as well, which keeps a runtime from folding them. */
const FIRST_IR_WITH_PLAIN_CONSTANTS = 4
export const OLDEST_OPSET = 11
const NEWEST_OPSET = 21

/** Why a graph must stay as it is, or undefined. */
export function reasonToKeepGraph({ model, opset }: OnnxFile): string | undefined {
  if (opset === undefined) return 'it imports no standard operators'
  if (opset > NEWEST_OPSET) return `its opset is ${opset}, newer than ${NEWEST_OPSET}`
  if (model.functions?.length) return 'it defines functions of its own'
  return undefined
}

/**
 * The model with a uint8 [N, side, side, 3] input and the outputs of its task, for any N. `file.model` itself is
 * changed: read the file again to have the original.
 */
export function rewrite(
  file: OnnxFile,
  { input }: Signature,
  conversion: Conversion,
  raw: readonly RawOutput[],
): RewrittenGraph {
  const { model, graph } = file
  const names = namesWithin(graph)
  const before = new GraphPart(names)
  const [fixed] = input.shape ?? []
  const batch = typeof fixed === 'string' ? fixed : before.fresh('N')
  if (typeof fixed === 'number') freeBatch(graph, before, fixed, input.name)

  const image = before.fresh('image')
  const changed = addPreprocessing(before, conversion, image, input.name, input.type)
  const { side } = conversion
  const name = changed ? image : input.name
  graph.input = [valueInfo(name, DataType.UINT8, [batch, side, side, 3])]

  const after = new GraphPart(names)
  const outputs = rewrittenOutputs(after, conversion, raw, batch)
  graph.output = outputs
  graph.node = [...before.nodes, ...(graph.node ?? []), ...after.nodes]
  graph.initializer = [...(graph.initializer ?? []), ...before.initializers, ...after.initializers]
  model.irVersion = Math.max(file.ir, FIRST_IR_WITH_PLAIN_CONSTANTS)
  return {
    bytes: onnx.ModelProto.encode(model).finish(),
    input: name,
    outputs: outputs.map((output) => output.name ?? ''),
  }
}

function rewrittenOutputs(
  part: GraphPart,
  conversion: Conversion,
  raw: readonly RawOutput[],
  batch: string,
): ValueInfo[] {
  const [only] = raw
  if (conversion.task !== 'tensor' && only) return addPostprocessing(part, conversion, only, batch)
  return raw.map(({ name, type, shape }) => valueInfo(name, type, [batch, ...shape]))
}
