import { UserError } from '../user-error.ts'
import type { OnnxFile } from './model-file.ts'
import { DataType, type Shape, type ValueInfo } from './proto.ts'

export interface Signature {
  input: SignatureValue
  outputs: SignatureValue[]
}

export interface SignatureValue {
  name: string
  /** A TensorProto.DataType; 0 for what is not a tensor. */
  type: number
  /** Undefined if the file does not say. */
  shape: Shape | undefined
}

/** What a model takes and gives. Throws UserError unless it takes one tensor [N, ...] of four dimensions. */
export function signatureOf({ graph, path }: OnnxFile): Signature {
  const stored = new Set(graph.initializer?.map(({ name }) => name))
  const inputs = (graph.input ?? []).filter(({ name }) => !stored.has(name)).map(signatureValue)
  const [input] = inputs
  if (!input || inputs.length > 1)
    throw new UserError(
      `${path}: has ${inputs.length} inputs (${inputs.map(({ name }) => name).join(', ')}); export it with the image as the only input`,
    )
  if (input.shape?.length !== 4)
    throw new UserError(
      `${path}: its input "${input.name}" is ${shapeText(input.shape)}; a model of images takes [N, 3, h, w] or [N, h, w, 3]`,
    )
  return { input, outputs: (graph.output ?? []).map(signatureValue) }
}

function signatureValue({ name, type }: ValueInfo): SignatureValue {
  const tensor = type?.tensorType
  const shape = tensor?.shape?.dim?.map(({ dimValue, dimParam }, i) =>
    Number(dimValue ?? 0) > 0 ? Number(dimValue) : dimParam || `d${i}`,
  )
  return { name: name ?? '', type: tensor?.elemType ?? 0, shape }
}

export function shapeText(shape: Shape | undefined): string {
  return shape ? `[${shape.join(', ')}]` : 'of unknown shape'
}

export function typeName(type: number): string {
  const names = { ...TYPE_NAMES } as Record<number, string>
  return names[type] ?? `of type ${type}`
}

const TYPE_NAMES = {
  [DataType.FLOAT]: 'float32',
  [DataType.FLOAT16]: 'float16',
  [DataType.DOUBLE]: 'float64',
  [DataType.UINT8]: 'uint8',
  [DataType.INT8]: 'int8',
  [DataType.INT32]: 'int32',
  [DataType.INT64]: 'int64',
  [DataType.BOOL]: 'bool',
  [DataType.BFLOAT16]: 'bfloat16',
}
