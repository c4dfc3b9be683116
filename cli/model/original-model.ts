import { type InferenceSession, Tensor } from 'onnxruntime-node'
import type { Conversion } from '../onnx/conversion.ts'
import { DataType } from '../onnx/proto.ts'
import type { SignatureValue } from '../onnx/signature.ts'
import { toHalf } from './float16.ts'
import { halfTensor, ofImage, openSession, runSession, type Values } from './ort-session.ts'

/** Bytes to model input, and model output to scores, written apart from the graphs so that they can be held against them. */
export class OriginalModel {
  readonly #session: InferenceSession
  readonly #path: string
  readonly #input: SignatureValue

  private constructor(session: InferenceSession, path: string, input: SignatureValue) {
    this.#session = session
    this.#path = path
    this.#input = input
  }

  static async open(path: string, input: SignatureValue): Promise<OriginalModel> {
    return new OriginalModel(await openSession(path), path, input)
  }

  /** One image, uint8 [side, side, 3]: what each of the conversion's outputs says of it, `dims` with the batch. */
  async run(image: Uint8Array, conversion: Conversion): Promise<Values[]> {
    const fixed = this.#input.shape?.[0]
    const n = typeof fixed === 'number' ? fixed : 1
    const { side, layout } = conversion
    const dims = layout === 'nchw' ? [n, 3, side, side] : [n, side, side, 3]
    const one = normalised(image, conversion)
    const all = new Float32Array(n * one.length)
    for (let i = 0; i < n; i++) all.set(one, i * one.length)
    const feed = tensorOf(this.#input.type, all, dims)
    const values = await runSession(this.#session, feed, conversion.outputs, this.#path)
    return values.map((value) => ({ ...value, data: ofImage(value, 0, n) }))
  }

  async close(): Promise<void> {
    await this.#session.release()
  }
}

function normalised(image: Uint8Array, conversion: Conversion): Float32Array {
  const { side, layout, channels, scale, mean, std } = conversion
  const pixels = side * side
  const result = new Float32Array(pixels * 3)
  for (let pixel = 0; pixel < pixels; pixel++)
    for (let c = 0; c < 3; c++) {
      const byte = image[pixel * 3 + (channels === 'rgb' ? c : 2 - c)] ?? 0
      const at = layout === 'nchw' ? c * pixels + pixel : pixel * 3 + c
      result[at] = (byte / scale - (mean[c] ?? 0)) / (std[c] ?? 1)
    }
  return result
}

function tensorOf(type: number, values: Float32Array, dims: readonly number[]): Tensor {
  if (type === DataType.UINT8) return new Tensor('uint8', Uint8Array.from(values), dims)
  if (type === DataType.FLOAT16) return halfTensor(Uint16Array.from(values, toHalf), dims)
  if (type === DataType.DOUBLE) return new Tensor('float64', Float64Array.from(values), dims)
  return new Tensor('float32', values, dims)
}

export function softmax(logits: readonly number[]): number[] {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const powers = logits.map((logit) => Math.exp(logit - largest))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / sum)
}
