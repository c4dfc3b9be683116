import { InferenceSession, Tensor } from 'onnxruntime-node'
import { reasonOf, UserError } from '../user-error.ts'
import { fromHalf } from './float16.ts'

/** A tensor's values as numbers, and its shape. */
export interface Values {
  name: string
  /** As ONNX Runtime names it. */
  type: string
  dims: readonly number[]
  data: readonly number[]
}

/** Throws UserError if ONNX Runtime does not take the file. */
export async function openSession(path: string): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, { executionProviders: ['cpu'], logSeverityLevel: 3 })
  } catch (error) {
    throw new UserError(
      `${path}: ONNX Runtime cannot load it; export it again, or mend this: ${reasonOf(error)}`,
    )
  }
}

/** Throws UserError if the run fails or gives something other than tensors of numbers. */
export async function runSession(
  session: InferenceSession,
  feed: Tensor,
  outputs: readonly string[],
  what: string,
): Promise<Values[]> {
  const name = session.inputNames[0] ?? ''
  const results = await session.run({ [name]: feed }, [...outputs]).catch((error: unknown) => {
    throw new UserError(`${what} fails in ONNX Runtime: ${reasonOf(error)}`)
  })
  return outputs.map((output) => {
    const value = results[output]
    if (!(value instanceof Tensor) || value.type === 'string')
      throw new UserError(`${what}: output "${output}" is no tensor of numbers; export it without it`)
    return { name: output, type: value.type, dims: value.dims, data: numbersOf(value.type, value.data) }
  })
}

/**
 * A float16 tensor that ONNX Runtime takes: from a language that has Float16Array it makes one, and then finds no bytes in
 * it, since Node's native interface does not know the kind.
 */
export function halfTensor(bits: Uint16Array, dims: readonly number[]): Tensor {
  return Object.defineProperty(new Tensor('float16', bits, dims), 'data', { value: bits })
}

/** The elements of a tensor's data, of whatever type. */
export function numbersOf(type: string, data: unknown): number[] {
  // Float16Array where the language has it, otherwise the bits.
  if (type === 'float16' && data instanceof Uint16Array) return Array.from(data, fromHalf)
  return Array.from(data as ArrayLike<number | bigint>, Number)
}

/** The values of image `i` of a batch of `n`. */
export function ofImage({ data }: Values, i: number, n: number): readonly number[] {
  const length = data.length / n
  return data.slice(i * length, (i + 1) * length)
}
