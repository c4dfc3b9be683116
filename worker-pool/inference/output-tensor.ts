import type { Tensor } from 'onnxruntime-node'
import { ELEMENT_BYTES, type TensorDtype } from '../../shared/tensor-value.ts'

/** One output of a batch: `dims[0]` images, one after another. */
export type OutputTensor = { dims: readonly number[] } & (
  | { dtype: 'float32'; data: Float32Array }
  | { dtype: 'int64'; data: BigInt64Array }
  | { dtype: Exclude<TensorDtype, 'float32' | 'int64'>; data: ArrayBufferView }
)

/** A batch's outputs by the names that the graph gives them. */
export type NamedOutputs = Record<string, OutputTensor>

/** Throws TypeError if this is no output of `n` images. */
export function outputTensor(name: string, tensor: Tensor | undefined, n: number): OutputTensor {
  if (!tensor || !isTensorDtype(tensor.type)) throw new TypeError(`output "${name}" is no tensor of numbers`)
  const { type: dtype, dims, data } = tensor
  if (dims[0] !== n) throw new TypeError(`output "${name}" is [${dims.join(', ')}], must be [${n}, ...]`)
  if (dtype === 'float32' && data instanceof Float32Array) return { dtype, dims, data }
  if (dtype === 'int64' && data instanceof BigInt64Array) return { dtype, dims, data }
  if (dtype === 'float32' || dtype === 'int64' || !ArrayBuffer.isView(data))
    throw new TypeError(`output "${name}" is ${dtype} and holds something else`)
  return { dtype, dims, data }
}

export function isTensorDtype(type: string): type is TensorDtype {
  return Object.hasOwn(ELEMENT_BYTES, type)
}
