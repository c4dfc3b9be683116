import { UserError } from '../user-error.ts'
import type { Conversion } from './conversion.ts'
import { editModel, type NodeChange } from './edit-model.ts'
import { freeBatch, unusedAfter } from './free-batch.ts'
import { GraphPart, namesWithin } from './graph-part.ts'
import type { OnnxFile } from './model-file.ts'
import { addPostprocessing, type RawOutput } from './postprocessing.ts'
import { addPreprocessing } from './preprocessing.ts'
import { DataType, type ValueInfo, valueInfo } from './proto.ts'
import type { Signature } from './signature.ts'

export interface RewrittenGraph {
  bytes: Uint8Array
  input: string
  outputs: string[]
}

/** From here on a graph's constants need not be inputs as well, which keeps a runtime from folding them. */
const FIRST_IR_WITH_PLAIN_CONSTANTS = 4
/** What ONNX Runtime 1.30 takes; what is added here is written for any opset of these. */
const OLDEST_OPSET = 7
const NEWEST_OPSET = 26
const NEWEST_IR = 13

/** Throws UserError where ONNX Runtime would not take a graph for its age, which it says in less helpful words. */
export function refuseUnsupported({ path, opset = OLDEST_OPSET, ir }: OnnxFile): void {
  if (opset < OLDEST_OPSET)
    throw new UserError(
      `${path}: its opset is ${opset}; export it with opset ${OLDEST_OPSET} or newer, as in torch.onnx.export(..., opset_version=17)`,
    )
  if (opset > NEWEST_OPSET)
    throw new UserError(
      `${path}: its opset is ${opset}, of which ONNX Runtime knows up to ${NEWEST_OPSET}; export it with that, as in torch.onnx.export(..., opset_version=20)`,
    )
  if (ir > NEWEST_IR)
    throw new UserError(
      `${path}: its IR version is ${ir}, of which ONNX Runtime knows up to ${NEWEST_IR}; set model.ir_version = ${NEWEST_IR} before onnx.save`,
    )
}

/** Why a graph must stay as it is, or undefined. */
export function reasonToKeepGraph({ opset }: OnnxFile): string | undefined {
  return opset === undefined ? 'it imports no standard operators' : undefined
}

/** The model with a uint8 [N, side, side, 3] input and the outputs of its task, for any N. */
export function rewrite(
  file: OnnxFile,
  { input }: Signature,
  conversion: Conversion,
  raw: readonly RawOutput[],
): RewrittenGraph {
  const { graph, bytes, opset = OLDEST_OPSET } = file
  const names = namesWithin(graph)
  const before = new GraphPart(names, opset)
  const [fixed] = input.shape ?? []
  const batch = typeof fixed === 'string' ? fixed : before.fresh('N')
  const image = before.fresh('image')
  const changed = addPreprocessing(before, conversion, image, input.name, input.type)
  const isFixed = typeof fixed === 'number'
  const changes = isFixed ? freeBatch(graph, before, fixed, input.name) : new Map<number, NodeChange>()
  const { side } = conversion
  const name = changed ? image : input.name
  const after = new GraphPart(names, opset)
  const outputs = rewrittenOutputs(after, conversion, raw, batch)
  const edited = editModel(bytes, {
    irVersion: Math.max(file.ir, FIRST_IR_WITH_PLAIN_CONSTANTS),
    input: valueInfo(name, DataType.UINT8, [batch, side, side, 3]),
    outputs,
    before: before.nodes,
    after: after.nodes,
    initializers: [...before.initializers, ...after.initializers],
    changes,
    unused: unusedAfter(graph, changes),
    withoutShapes: isFixed,
  })
  return { bytes: edited, input: name, outputs: outputs.map((output) => output.name ?? '') }
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
