import type { Conversion } from './conversion.ts'
import { GraphPart } from './graph-part.ts'
import { addPostprocessing, type RawOutput } from './postprocessing.ts'
import { addPreprocessing } from './preprocessing.ts'
import { DataType, onnx, type ValueInfo, valueInfo } from './proto.ts'
import type { SignatureValue } from './signature.ts'

/** Graphs run before and after a model that stays as it is; undefined where none is needed. */
export interface Surroundings {
  before: Uint8Array | undefined
  after: Uint8Array | undefined
  input: string
  outputs: string[]
}

const OPSET = 17
const IR = 8

export function surroundings(
  input: SignatureValue,
  conversion: Conversion,
  raw: readonly RawOutput[],
): Surroundings {
  const { side } = conversion
  const part = new GraphPart(new Set(['image', 'N', 'normalised']), OPSET)
  const changed = addPreprocessing(part, conversion, 'image', 'normalised', input.type)
  const taken = conversion.layout === 'nchw' ? ['N', 3, side, side] : ['N', side, side, 3]
  const before = changed
    ? standalone(
        part,
        [valueInfo('image', DataType.UINT8, ['N', side, side, 3])],
        [valueInfo('normalised', input.type, taken)],
      )
    : undefined
  return { before, input: changed ? 'image' : input.name, ...afterwards(conversion, raw) }
}

function afterwards(
  conversion: Conversion,
  raw: readonly RawOutput[],
): Pick<Surroundings, 'after' | 'outputs'> {
  const asTheyAre = { after: undefined, outputs: raw.map(({ name }) => name) }
  const [only] = raw
  if (conversion.task === 'tensor' || !only) return asTheyAre
  const part = new GraphPart(new Set(['scores', 'N']), OPSET)
  const outputs = addPostprocessing(part, conversion, { ...only, name: 'scores' }, 'N')
  if (part.nodes.length === 0) return asTheyAre
  const scores = valueInfo('scores', only.type, ['N', ...only.shape])
  return { after: standalone(part, [scores], outputs), outputs: outputs.map(({ name }) => name ?? '') }
}

function standalone(part: GraphPart, input: ValueInfo[], output: ValueInfo[]): Uint8Array {
  const graph = { name: 'edgebatch', input, output, node: part.nodes, initializer: part.initializers }
  const model = {
    irVersion: IR,
    producerName: 'edgebatch',
    opsetImport: [{ domain: '', version: OPSET }],
    graph,
  }
  return onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish()
}
